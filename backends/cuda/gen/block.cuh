// What the threads of a block of whole warps make together.
#pragma once

// NaN stays.
struct Larger { template <typename T> __device__ __forceinline__ T operator()(T a, T b) const { return b > a || b != b ? b : a; } };
struct Smaller { template <typename T> __device__ __forceinline__ T operator()(T a, T b) const { return b < a || b != b ? b : a; } };
struct Added { template <typename T> __device__ __forceinline__ T operator()(T a, T b) const { return a + b; } };
struct Multiplied { template <typename T> __device__ __forceinline__ T operator()(T a, T b) const { return a * b; } };

// Over the x of all threads of the block; every thread gets the result, and all take part.
template <typename T, typename Combine>
__device__ __forceinline__ T over_block(T x, Combine combine, T neutral) {
  __shared__ T parts[32];
  const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5, warps = blockDim.x >> 5;
#pragma unroll
  for (int step = 16; step > 0; step >>= 1)
    x = combine(x, __shfl_xor_sync(0xffffffffu, x, step));
  __syncthreads();
  if (lane == 0) parts[warp] = x;
  __syncthreads();
  x = lane < warps ? parts[lane] : neutral;
#pragma unroll
  for (int step = 16; step > 0; step >>= 1)
    x = combine(x, __shfl_xor_sync(0xffffffffu, x, step));
  return x;
}
