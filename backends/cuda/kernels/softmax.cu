// Softmax and LogSoftmax along a row, one block a row:
//   y = exp(x - max) / sum(exp(x - max));  log: y = x - max - log(sum)
struct Row { real max, scale; };

__device__ __forceinline__ real combine(real a, real b, bool largest) {
  return largest ? (a > b ? a : b) : a + b;
}

// Over all threads of the block; every thread gets the result.
__device__ __forceinline__ real over_block(real x, bool largest, real neutral) {
  __shared__ real parts[32];
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
#pragma unroll
  for (int step = 16; step > 0; step >>= 1)
    x = combine(x, __shfl_xor_sync(0xffffffffu, x, step), largest);
  __syncthreads();
  if (lane == 0) parts[warp] = x;
  __syncthreads();
  x = lane < warps ? parts[lane] : neutral;
#pragma unroll
  for (int step = 16; step > 0; step >>= 1)
    x = combine(x, __shfl_xor_sync(0xffffffffu, x, step), largest);
  return x;
}

__device__ __forceinline__ Row begin_row(const Args& A, const Params& P, const Coord& o) {
  int i[RANK];
#pragma unroll
  for (int a = 0; a < RANK; ++a) i[a] = o.d[a];
  Row row;
  row.max = (real)-3.402823466e38f;
  for (int j = threadIdx.x; j < P.extent; j += blockDim.x) {
    i[AXIS] = j;
    const real x = elem_in0(A, P, i);
    row.max = x > row.max ? x : row.max;
  }
  row.max = over_block(row.max, true, (real)-3.402823466e38f);
  real sum = (real)0;
  for (int j = threadIdx.x; j < P.extent; j += blockDim.x) {
    i[AXIS] = j;
    sum += exp(elem_in0(A, P, i) - row.max);
  }
  sum = over_block(sum, false, (real)0);
  row.scale = LOG_SOFTMAX ? log(sum) : (real)1 / sum;
  return row;
}

__device__ __forceinline__ void row_element(const Args& A, const Params& P, const Coord& o,
                                            const Row& row, real (&y)[V]) {
  const real x = elem_in0(A, P, o.d) - row.max;
  y[0] = LOG_SOFTMAX ? x - row.scale : exp(x) * row.scale;
}
