// MaxPool, AveragePool over one to three spatial axes. o.d = {n, c, spatial...}.
//   MaxPool:     y = max over the window's taps inside x; lowest f32 if there are none
//   AveragePool: y = sum / count; count includes padding (cut at its end) if INCLUDE_PAD
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
  for (int v = 0; v < V; ++v) y[v] = (real)0;
#pragma unroll
  for (int r = 0; r < K0; ++r) {
    const int i0 = first[0] + r * D0;
    if (i0 < 0 || i0 >= size[0]) continue;
#pragma unroll
    for (int s = 0; s < K1; ++s) {
      const int i1 = first[1] + s * D1;
      if (i1 < 0 || i1 >= size[1]) continue;
#pragma unroll
      for (int t = 0; t < K2; ++t) {
        const int i2 = first[2] + t * D2;
        if (i2 < 0 || i2 >= size[2]) continue;
        int i[RANK];
        i[0] = o.d[0];
        i[1] = o.d[1];
        i[2] = i0;
        if (SPATIAL > 1) i[SPATIAL > 1 ? 3 : 2] = i1;
        if (SPATIAL > 2) i[SPATIAL > 2 ? 4 : 2] = i2;
        real x[V];
        load_in0(A, P, o, i, x);
#pragma unroll
        for (int v = 0; v < V; ++v) {
          if (POOL_MAX)
            y[v] = !any || x[v] > y[v] || x[v] != x[v] ? x[v] : y[v];
          else
            y[v] += x[v];
        }
        any = true;
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
