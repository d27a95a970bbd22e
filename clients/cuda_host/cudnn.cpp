// A handle, descriptors and the addition of tensors.
#include "cudnn.h"

#include <array>
#include <cstddef>
#include <new>

#include "stream.h"

struct cudnnContext {
  cudaStream_t stream = nullptr;
};

struct cudnnTensorStruct {
  cudnnTensorFormat_t format = CUDNN_TENSOR_NCHW;
  cudnnDataType_t type = CUDNN_DATA_FLOAT;
  std::array<int, 4> dims = {0, 0, 0, 0};  // n, c, h, w

  // Steps between elements; 0 along extents of 1, so that they count for all.
  std::array<std::ptrdiff_t, 4> steps() const {
    const std::array<int, 4> order = format == CUDNN_TENSOR_NCHW ? std::array<int, 4>{3, 2, 1, 0}
                                                                 : std::array<int, 4>{1, 3, 2, 0};
    std::array<std::ptrdiff_t, 4> steps = {0, 0, 0, 0};
    std::ptrdiff_t step = 1;
    for (const int k : order) {
      const size_t axis = static_cast<size_t>(k);
      steps[axis] = dims[axis] == 1 ? 0 : step;
      step *= dims[axis];
    }
    return steps;
  }
};

namespace {

template <class T>
cudnnStatus_t create(T** object) {
  if (!object) return CUDNN_STATUS_BAD_PARAM;
  *object = new (std::nothrow) T;
  return *object ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_ALLOC_FAILED;
}

void add(float by, const cudnnTensorStruct& from, const float* a, float keep,
         const cudnnTensorStruct& to, float* c) {
  const std::array<std::ptrdiff_t, 4> sa = from.steps(), sc = to.steps();
  for (int n = 0; n < to.dims[0]; ++n)
    for (int k = 0; k < to.dims[1]; ++k)
      for (int h = 0; h < to.dims[2]; ++h)
        for (int w = 0; w < to.dims[3]; ++w) {
          float& sum = c[n * sc[0] + k * sc[1] + h * sc[2] + w * sc[3]];
          sum =
              by * a[n * sa[0] + k * sa[1] + h * sa[2] + w * sa[3]] + (keep == 0 ? 0 : keep * sum);
        }
}

}  // namespace

extern "C" {

size_t cudnnGetVersion(void) { return CUDNN_VERSION; }

const char* cudnnGetErrorString(cudnnStatus_t status) {
  switch (status) {
    case CUDNN_STATUS_SUCCESS: return "CUDNN_STATUS_SUCCESS";
    case CUDNN_STATUS_NOT_INITIALIZED: return "CUDNN_STATUS_NOT_INITIALIZED";
    case CUDNN_STATUS_ALLOC_FAILED: return "CUDNN_STATUS_ALLOC_FAILED";
    case CUDNN_STATUS_BAD_PARAM: return "CUDNN_STATUS_BAD_PARAM";
    case CUDNN_STATUS_EXECUTION_FAILED: return "CUDNN_STATUS_EXECUTION_FAILED";
    case CUDNN_STATUS_NOT_SUPPORTED: return "CUDNN_STATUS_NOT_SUPPORTED";
    default: return "CUDNN_STATUS_INTERNAL_ERROR";
  }
}

cudnnStatus_t cudnnCreate(cudnnHandle_t* handle) { return create(handle); }
cudnnStatus_t cudnnDestroy(cudnnHandle_t handle) {
  delete handle;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream) {
  if (!handle) return CUDNN_STATUS_BAD_PARAM;
  handle->stream = stream;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnGetStream(cudnnHandle_t handle, cudaStream_t* stream) {
  if (!handle || !stream) return CUDNN_STATUS_BAD_PARAM;
  *stream = handle->stream;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnCreateTensorDescriptor(cudnnTensorDescriptor_t* descriptor) {
  return create(descriptor);
}
cudnnStatus_t cudnnDestroyTensorDescriptor(cudnnTensorDescriptor_t descriptor) {
  delete descriptor;
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnSetTensor4dDescriptor(cudnnTensorDescriptor_t descriptor,
                                         cudnnTensorFormat_t format, cudnnDataType_t type, int n,
                                         int c, int h, int w) {
  if (!descriptor || n < 1 || c < 1 || h < 1 || w < 1) return CUDNN_STATUS_BAD_PARAM;
  descriptor->format = format;
  descriptor->type = type;
  descriptor->dims = {n, c, h, w};
  return CUDNN_STATUS_SUCCESS;
}

cudnnStatus_t cudnnAddTensor(cudnnHandle_t handle, const void* alpha,
                             const cudnnTensorDescriptor_t a_descriptor, const void* a,
                             const void* beta, const cudnnTensorDescriptor_t c_descriptor,
                             void* c) {
  if (!handle || !alpha || !beta || !a_descriptor || !c_descriptor || !a || !c)
    return CUDNN_STATUS_BAD_PARAM;
  if (a_descriptor->type != CUDNN_DATA_FLOAT || c_descriptor->type != CUDNN_DATA_FLOAT)
    return CUDNN_STATUS_NOT_SUPPORTED;
  for (size_t k = 0; k < 4; ++k)
    if (a_descriptor->dims[k] != 1 && a_descriptor->dims[k] != c_descriptor->dims[k])
      return CUDNN_STATUS_BAD_PARAM;
  const float by = *static_cast<const float*>(alpha), keep = *static_cast<const float*>(beta);
  const cudnnTensorStruct from = *a_descriptor, to = *c_descriptor;
  const cudaError_t e = cuda_host::enqueue(handle->stream, [=] {
    add(by, from, static_cast<const float*>(a), keep, to, static_cast<float*>(c));
  });
  return e == cudaSuccess ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_EXECUTION_FAILED;
}

}  // extern "C"
