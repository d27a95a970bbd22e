// Gemm, MatMul and pointwise convolutions as one matrix product.
#pragma once

#include "tenfold/kernel.h"

namespace tenfold::cuda::cublaslt {

// d = act(alpha * acc + bias along the last axis + residual): what the library's epilogues do.
struct MatmulEpilogue {
  double alpha = 1;
  int bias = -1, residual = -1;   // inputs of the Problem
  bool relu = false;
};
std::optional<MatmulEpilogue> match_matmul_epilogue(const Problem& problem);

// A row-major product D[m,n] = A[m,k] B[k,n] (+ C[m,n]), `batch` times. Strides in elements; a
// transposed operand is stored with its axes swapped.
struct MatmulSpec {
  int64_t m = 0, n = 0, k = 0, batch = 1;
  int64_t lda = 0, ldb = 0, ldc = 0, ldd = 0;
  int64_t stride_a = 0, stride_b = 0, stride_d = 0;
  bool transpose_a = false, transpose_b = false;
  MatmulEpilogue epilogue;
  DType type = DType::kF32;
  DType compute = DType::kF32;
};

// Whether the Problem is such a product, or why not. Reads structure, and of closed ones formats.
Verdict check_matmul(const Problem& problem);
// Of a bound Problem that check_matmul accepts.
MatmulSpec matmul_spec(const Problem& bound);

}  // namespace tenfold::cuda::cublaslt
