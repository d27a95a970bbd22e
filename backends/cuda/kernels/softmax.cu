// Softmax and LogSoftmax along a row, one block a row:
//   y = exp(x - max) / sum(exp(x - max));  log: y = x - max - log(sum)
#include "gen/block.cuh"

struct Row { real max, scale; };

__device__ __forceinline__ Row begin_row(const Args& A, const Params& P, const Coord& o) {
  int i[RANK];
#pragma unroll
  for (int a = 0; a < RANK; ++a) i[a] = o.d[a];
  Row row;
  row.max = (real)-3.402823466e38f;
  for (int j = threadIdx.x; j < P.extent; j += blockDim.x) {
    row_place(P, j, i);
    const real x = elem_in0(A, P, i);
    row.max = x > row.max ? x : row.max;
  }
  row.max = over_block(row.max, Larger(), (real)-3.402823466e38f);
  real sum = (real)0;
  for (int j = threadIdx.x; j < P.extent; j += blockDim.x) {
    row_place(P, j, i);
    sum += exp(elem_in0(A, P, i) - row.max);
  }
  sum = over_block(sum, Added(), (real)0);
  row.scale = LOG_SOFTMAX ? log(sum) : (real)1 / sum;
  return row;
}

__device__ __forceinline__ void row_element(const Args& A, const Params& P, const Coord& o,
                                            const Row& row, real (&y)[V]) {
  const real x = elem_in0(A, P, o.d) - row.max;
  y[0] = LOG_SOFTMAX ? x - row.scale : exp(x) * row.scale;
}
