// Plain loops: plugins multiply small matrices.
#include <cstddef>
#include <new>

#include "cublas_v2.h"
#include "stream.h"

struct cublasContext {
  cudaStream_t stream = nullptr;
  cublasPointerMode_t mode = CUBLAS_POINTER_MODE_HOST;
};

namespace {

// A column-major matrix, seen through op().
struct Matrix {
  const float* data;
  std::ptrdiff_t row, column;  // steps
  Matrix(const float* d, int ld, cublasOperation_t op)
      : data(d), row(op == CUBLAS_OP_N ? 1 : ld), column(op == CUBLAS_OP_N ? ld : 1) {}
  float at(int i, int j) const { return data[i * row + j * column]; }
};

cublasStatus_t queue(cublasHandle_t handle, bool valid, cuda_host::Work work) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!valid) return CUBLAS_STATUS_INVALID_VALUE;
  return cuda_host::enqueue(handle->stream, std::move(work)) == cudaSuccess
             ? CUBLAS_STATUS_SUCCESS
             : CUBLAS_STATUS_EXECUTION_FAILED;
}

// The first element of a vector whose step may be negative.
template <class T>
T* first(T* x, int n, int step) {
  return step < 0 ? x + std::ptrdiff_t{1 - n} * step : x;
}

}  // namespace

extern "C" {

cublasStatus_t cublasCreate(cublasHandle_t* handle) {
  if (!handle) return CUBLAS_STATUS_INVALID_VALUE;
  *handle = new (std::nothrow) cublasContext;
  return *handle ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_ALLOC_FAILED;
}

// What is under way in its stream has copies of all it needs.
cublasStatus_t cublasDestroy(cublasHandle_t handle) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  delete handle;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  handle->stream = stream;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGetStream(cublasHandle_t handle, cudaStream_t* stream) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!stream) return CUBLAS_STATUS_INVALID_VALUE;
  *stream = handle->stream;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetPointerMode(cublasHandle_t handle, cublasPointerMode_t mode) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  handle->mode = mode;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasGetPointerMode(cublasHandle_t handle, cublasPointerMode_t* mode) {
  if (!handle) return CUBLAS_STATUS_NOT_INITIALIZED;
  if (!mode) return CUBLAS_STATUS_INVALID_VALUE;
  *mode = handle->mode;
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSgemm(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b,
                           int m, int n, int k, const float* alpha, const float* a, int lda,
                           const float* b, int ldb, const float* beta, float* c, int ldc) {
  const bool valid = m >= 0 && n >= 0 && k >= 0 && alpha && beta && c && ldc >= m &&
                     lda >= (op_a == CUBLAS_OP_N ? m : k) && ldb >= (op_b == CUBLAS_OP_N ? k : n) &&
                     (k == 0 || (a && b));
  const float by = valid ? *alpha : 0, keep = valid ? *beta : 0;
  const Matrix left(a, lda, op_a), right(b, ldb, op_b);
  return queue(handle, valid, [=] {
    for (int j = 0; j < n; ++j)
      for (int i = 0; i < m; ++i) {
        double sum = 0;
        for (int l = 0; l < k; ++l) sum += double{left.at(i, l)} * right.at(l, j);
        float& to = c[i + std::ptrdiff_t{j} * ldc];
        to = static_cast<float>(by * sum) + (keep == 0 ? 0 : keep * to);
      }
  });
}

cublasStatus_t cublasSgemv(cublasHandle_t handle, cublasOperation_t op, int m, int n,
                           const float* alpha, const float* a, int lda, const float* x, int incx,
                           const float* beta, float* y, int incy) {
  const bool valid =
      m >= 0 && n >= 0 && lda >= m && alpha && beta && a && x && y && incx != 0 && incy != 0;
  const float by = valid ? *alpha : 0, keep = valid ? *beta : 0;
  const int rows = op == CUBLAS_OP_N ? m : n, columns = op == CUBLAS_OP_N ? n : m;
  const Matrix matrix(a, lda, op);
  return queue(handle, valid, [=] {
    const float* from = first(x, columns, incx);
    float* to = first(y, rows, incy);
    for (int i = 0; i < rows; ++i, to += incy) {
      double sum = 0;
      for (int j = 0; j < columns; ++j)
        sum += double{matrix.at(i, j)} * from[std::ptrdiff_t{j} * incx];
      *to = static_cast<float>(by * sum) + (keep == 0 ? 0 : keep * *to);
    }
  });
}

cublasStatus_t cublasSgeam(cublasHandle_t handle, cublasOperation_t op_a, cublasOperation_t op_b,
                           int m, int n, const float* alpha, const float* a, int lda,
                           const float* beta, const float* b, int ldb, float* c, int ldc) {
  const bool scalars = alpha && beta;
  const float by_a = scalars ? *alpha : 0, by_b = scalars ? *beta : 0;
  const bool valid = m >= 0 && n >= 0 && scalars && c && ldc >= m && (a || by_a == 0) &&
                     (b || by_b == 0);  // what counts 0 times is not read
  const Matrix left(a, lda, op_a), right(b, ldb, op_b);
  return queue(handle, valid, [=] {
    for (int j = 0; j < n; ++j)
      for (int i = 0; i < m; ++i)
        c[i + std::ptrdiff_t{j} * ldc] =
            (by_a == 0 ? 0 : by_a * left.at(i, j)) + (by_b == 0 ? 0 : by_b * right.at(i, j));
  });
}

cublasStatus_t cublasSaxpy(cublasHandle_t handle, int n, const float* alpha, const float* x,
                           int incx, float* y, int incy) {
  const bool valid = alpha && x && y;
  const float by = valid ? *alpha : 0;
  return queue(handle, valid, [=] {
    const float* from = first(x, n, incx);
    float* to = first(y, n, incy);
    for (int i = 0; i < n; ++i, from += incx, to += incy) *to += by * *from;
  });
}

cublasStatus_t cublasSscal(cublasHandle_t handle, int n, const float* alpha, float* x, int incx) {
  const bool valid = alpha && x && incx > 0;
  const float by = valid ? *alpha : 0;
  return queue(handle, valid, [=] {
    for (int i = 0; i < n; ++i) x[std::ptrdiff_t{i} * incx] *= by;
  });
}

cublasStatus_t cublasScopy(cublasHandle_t handle, int n, const float* x, int incx, float* y,
                           int incy) {
  return queue(handle, x && y, [=] {
    const float* from = first(x, n, incx);
    float* to = first(y, n, incy);
    for (int i = 0; i < n; ++i, from += incx, to += incy) *to = *from;
  });
}

cublasStatus_t cublasHgemm(cublasHandle_t, cublasOperation_t, cublasOperation_t, int, int, int,
                           const __half*, const __half*, int, const __half*, int, const __half*,
                           __half*, int) {
  return CUBLAS_STATUS_NOT_SUPPORTED;
}

}  // extern "C"
