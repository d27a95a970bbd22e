// Sums and largest values over a block of whole warps.
#pragma once

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
