// MaxPool, AveragePool over one to three spatial axes. o.d = {n, c, spatial...}.
//   MaxPool:     y = max over the window's taps inside x; lowest f32 if there are none
//   AveragePool: y = sum / count; count includes padding (cut at its end) if INCLUDE_PAD
// Taps outside read the nearest element inside and leave it out: no load waits for a branch.
constexpr bool kUnrolled = K0 * K1 * K2 <= 32;

// A NaN stays.
__device__ __forceinline__ float larger(float a, float b) {
#if __CUDA_ARCH__ >= 800
  asm("max.NaN.f32 %0, %0, %1;" : "+f"(a) : "f"(b));
  return a;
#else
  return b > a || b != b ? b : a;
#endif
}
__device__ __forceinline__ double larger(double a, double b) { return b > a || b != b ? b : a; }

__device__ __forceinline__ real lowest() { return (real)__int_as_float(0xff800000); }  // -infinity

__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  const int size[3] = {H0, H1, H2};
  int first[3];
  int span = 1, inside = 1;
#pragma unroll
  for (int a = 0; a < 3; ++a) {
    const int kernels[3] = {K0, K1, K2}, strides[3] = {S0, S1, S2}, begins[3] = {B0, B1, B2},
              ends[3] = {E0, E1, E2};
    first[a] = (a < SPATIAL ? o.d[a < SPATIAL ? a + 2 : 0] : 0) * strides[a] - begins[a];
    const int limit = size[a] + ends[a];
    const int last = first[a] + kernels[a] < limit ? first[a] + kernels[a] : limit;
    span *= last > first[a] ? last - first[a] : 0;
    const int low = first[a] > 0 ? first[a] : 0, high = last < size[a] ? last : size[a];
    inside *= high > low ? high - low : 0;
  }
  bool any = false;
#pragma unroll
  for (int v = 0; v < V; ++v) y[v] = POOL_MAX ? lowest() : (real)0;
  const bool empty = size[0] < 1 || size[1] < 1 || size[2] < 1;
#pragma unroll (kUnrolled ? K0 : 1)
  for (int r = 0; r < K0 && !empty; ++r) {
    const int i0 = first[0] + r * D0;
#pragma unroll (kUnrolled ? K1 : 1)
    for (int s = 0; s < K1; ++s) {
      const int i1 = first[1] + s * D1;
#pragma unroll (kUnrolled ? K2 : 1)
      for (int t = 0; t < K2; ++t) {
        const int i2 = first[2] + t * D2;
        int i[RANK];
        i[0] = o.d[0];
        i[1] = o.d[1];
        i[2] = inside_of(i0, size[0]);
        if (SPATIAL > 1) i[SPATIAL > 1 ? 3 : 2] = inside_of(i1, size[1]);
        if (SPATIAL > 2) i[SPATIAL > 2 ? 4 : 2] = inside_of(i2, size[2]);
        const bool inside_x = i0 >= 0 && i0 < size[0] && i1 >= 0 && i1 < size[1] && i2 >= 0 && i2 < size[2];
        real x[V];
        load_in0(A, P, o, i, x);
#pragma unroll
        for (int v = 0; v < V; ++v) {
          if (POOL_MAX)
            y[v] = larger(y[v], inside_x ? x[v] : lowest());
          else
            y[v] += inside_x ? x[v] : (real)0;
        }
        any = any || inside_x;
      }
    }
  }
#pragma unroll
  for (int v = 0; v < V; ++v) {
    if (POOL_MAX) {
      if (!any) y[v] = (real)-3.402823466e38f;
    } else {
      const int count = INCLUDE_PAD ? span : inside;
      y[v] = count > 0 ? y[v] / (real)count : (real)0;
    }
  }
}
