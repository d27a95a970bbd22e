// TopK: the P.k first elements of a line in the order of before(), and their places. GROUP threads work on a
// line; in each round they look for the first element behind the one found last.
struct Found {
  real value;
  int place;  // negative: none
};

// NaN first, then the largest (LARGEST 0: the smallest); of equals the one that stands first.
__device__ __forceinline__ bool before(const Found& a, const Found& b) {
  if (b.place < 0) return a.place >= 0;
  if (a.place < 0) return false;
  const bool no_a = a.value != a.value, no_b = b.value != b.value;
  if (no_a != no_b) return no_a;
  if (no_a || a.value == b.value) return a.place < b.place;
  return LARGEST ? a.value > b.value : a.value < b.value;
}

__device__ __forceinline__ Found first_of_lanes(Found x) {
#pragma unroll
  for (int step = 16; step > 0; step >>= 1) {
    const Found other = {__shfl_xor_sync(0xffffffffu, x.value, step), __shfl_xor_sync(0xffffffffu, x.place, step)};
    if (before(other, x)) x = other;
  }
  return x;
}

// The first over the threads of a group; every one of them gets it.
__device__ __forceinline__ Found first_of_group(Found x) {
  if (GROUP >= 32) x = first_of_lanes(x);
  if (GROUP > 32) {
    __shared__ Found parts[32];
    const int lane = threadIdx.x & 31, warp = threadIdx.x >> 5;
    __syncthreads();
    if (lane == 0) parts[warp] = x;
    __syncthreads();
    Found none = {(real)0, -1};
    x = first_of_lanes(lane < GROUP / 32 ? parts[lane] : none);
  }
  return x;
}

// Groups are whole warps or single threads: all of one return together.
__device__ __forceinline__ void top_k(const void* in0, void* out0, void* out1, const Params& P) {
  const int thread = threadIdx.x % GROUP, number = blockIdx.x * (THREADS / GROUP) + threadIdx.x / GROUP;
  if (number >= P.lines) return;
  const Line line = line_of(P, number);
  const TypeX* x = reinterpret_cast<const TypeX*>(in0) + line.x;
  Found last = {(real)0, -1};
  for (int round = 0; round < P.k; ++round) {
    Found best = {(real)0, -1};
    for (int j = thread; j < P.extent; j += GROUP) {
      const Found here = {widen<real>(x[STEP_X(j)]), j};
      if ((round == 0 || before(last, here)) && before(here, best)) best = here;
    }
    last = first_of_group(best);
    if (thread != 0) continue;
    reinterpret_cast<TypeY*>(out0)[line.y + STEP_Y(round)] = narrow<TypeY>(last.value);
#if OUTPUTS > 1
    reinterpret_cast<TypeZ*>(out1)[line.z + STEP_Z(round)] = narrow<TypeZ>((double)last.place);
#endif
  }
}
