// InstanceNormalization, LayerNormalization of a row, one block a row:
//   y = (x - mean) / sqrt(variance + epsilon) * scale + shift
// with the row's mean and variance. scale_place(o, i) and shift_place(o, i) are the parameters' coordinates.
#include "gen/block.cuh"

struct Row { real mean, factor; };

__device__ __forceinline__ Row begin_row(const Args& A, const Params& P, const Coord& o) {
  int i[RANK];
#pragma unroll
  for (int a = 0; a < RANK; ++a) i[a] = o.d[a];
  real sum = (real)0;
  for (int j = threadIdx.x; j < P.extent; j += blockDim.x) {
    row_place(P, j, i);
    sum += elem_in0(A, P, i);
  }
  Row row;
  row.mean = over_block(sum, Added(), (real)0) / (real)P.extent;
  sum = (real)0;
  for (int j = threadIdx.x; j < P.extent; j += blockDim.x) {
    row_place(P, j, i);
    const real x = elem_in0(A, P, i) - row.mean;
    sum += x * x;
  }
  row.factor = (real)1 / sqrt(over_block(sum, Added(), (real)0) / (real)P.extent + (real)P.epsilon);
  return row;
}

__device__ __forceinline__ void row_element(const Args& A, const Params& P, const Coord& o,
                                            const Row& row, real (&y)[V]) {
  int scale[SCALE_RANK];
  scale_place(o, scale);
  y[0] = (elem_in0(A, P, o.d) - row.mean) * row.factor * elem_in1(A, P, scale);
#if SHIFTED
  int shift[SHIFT_RANK];
  shift_place(o, shift);
  y[0] += elem_in2(A, P, shift);
#endif
}
