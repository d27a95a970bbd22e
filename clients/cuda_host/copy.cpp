// Copies and fills.
#include <cstdint>
#include <cstring>
#include <memory>

#include "memory.h"
#include "stream.h"

namespace cuda_host {
namespace {

bool pageable(const void* pointer) {
  return find_allocation(pointer).kind == cudaMemoryTypeUnregistered;
}

// The device side of a copy must lie in an allocation.
cudaError_t check(const void* dst, const void* src, size_t bytes, cudaMemcpyKind kind) {
  if (kind < cudaMemcpyHostToHost || kind > cudaMemcpyDefault)
    return cudaErrorInvalidMemcpyDirection;
  if (bytes == 0) return cudaSuccess;
  if (!dst || !src) return cudaErrorInvalidValue;
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  const bool guess = kind == cudaMemcpyDefault;  // checked as far as the memory is known
  if ((to_device || (guess && !pageable(dst))) && !inside_allocation(dst, bytes))
    return cudaErrorInvalidValue;
  if ((from_device || (guess && !pageable(src))) && !inside_allocation(src, bytes))
    return cudaErrorInvalidValue;
  return cudaSuccess;
}

cudaError_t copy_async(void* dst, const void* src, size_t bytes, cudaStream_t stream) {
  if (pageable(src)) {  // the caller may change it once this returns
    const std::shared_ptr<char[]> staged(new char[bytes]);
    std::memcpy(staged.get(), src, bytes);
    const cudaError_t e = enqueue(stream, [=] { std::memmove(dst, staged.get(), bytes); });
    if (e != cudaSuccess) return e;
  } else {
    const cudaError_t e = enqueue(stream, [=] { std::memmove(dst, src, bytes); });
    if (e != cudaSuccess) return e;
  }
  return pageable(dst) ? wait_for_stream(stream) : cudaSuccess;
}

}  // namespace
}  // namespace cuda_host

using cuda_host::report;

extern "C" {

cudaError_t cudaMemcpyAsync(void* dst, const void* src, size_t bytes, enum cudaMemcpyKind kind,
                            cudaStream_t stream) {
  const cudaError_t e = cuda_host::check(dst, src, bytes, kind);
  if (e != cudaSuccess) return report(e);
  if (bytes == 0) return cudaSuccess;
  try {
    return cuda_host::copy_async(dst, src, bytes, stream);
  } catch (...) {
    return report(cudaErrorMemoryAllocation);
  }
}

cudaError_t cudaMemcpy(void* dst, const void* src, size_t bytes, enum cudaMemcpyKind kind) {
  const cudaError_t e = cuda_host::check(dst, src, bytes, kind);
  if (e != cudaSuccess) return report(e);
  return cuda_host::enqueue(nullptr, [=] {
    if (bytes > 0) std::memmove(dst, src, bytes);
  });
}

cudaError_t cudaMemcpy2D(void* dst, size_t dst_pitch, const void* src, size_t src_pitch,
                         size_t width, size_t height, enum cudaMemcpyKind kind) {
  if (width > dst_pitch || width > src_pitch) return report(cudaErrorInvalidPitchValue);
  if (width == 0 || height == 0) return cudaSuccess;
  const size_t limit = SIZE_MAX / height;
  if (dst_pitch > limit || src_pitch > limit) return report(cudaErrorInvalidValue);
  for (size_t row = 0; row < height; ++row) {
    const cudaError_t e = cudaMemcpy(static_cast<char*>(dst) + row * dst_pitch,
                                     static_cast<const char*>(src) + row * src_pitch, width, kind);
    if (e != cudaSuccess) return e;
  }
  return cudaSuccess;
}

cudaError_t cudaMemsetAsync(void* pointer, int value, size_t bytes, cudaStream_t stream) {
  if (bytes == 0) return cudaSuccess;
  if (!cuda_host::inside_allocation(pointer, bytes)) return report(cudaErrorInvalidValue);
  return cuda_host::enqueue(stream, [=] { std::memset(pointer, value, bytes); });
}

cudaError_t cudaMemset(void* pointer, int value, size_t bytes) {
  return cudaMemsetAsync(pointer, value, bytes, nullptr);
}

}  // extern "C"
