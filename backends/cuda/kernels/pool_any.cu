// MaxPool, AveragePool with windows of any size and dilation, of which only the taps inside x are visited.
//   MaxPool:     y = max over the window's taps inside x; lowest f32 if there are none
//   AveragePool: y = sum / count; count includes padding (cut at its end) if INCLUDE_PAD
// Taps of a window from `first` on that lie before `end`.
__device__ __forceinline__ i64_t taps_before(i64_t first, i64_t end, int taps, int dilation) {
  const i64_t count = end > first ? (end - first + dilation - 1) / dilation : 0;
  return count < taps ? count : taps;
}

__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  const int size[3] = {H0, H1, H2};
  i64_t first[3], from[3], to[3];
  real span = (real)1, inside = (real)1;
#pragma unroll
  for (int a = 0; a < 3; ++a) {
    const int kernels[3] = {K0, K1, K2}, strides[3] = {S0, S1, S2}, begins[3] = {B0, B1, B2}, ends[3] = {E0, E1, E2},
              dilations[3] = {D0, D1, D2};
    first[a] = (i64_t)(a < SPATIAL ? o.d[a < SPATIAL ? a + 2 : 0] : 0) * strides[a] - begins[a];
    span *= (real)taps_before(first[a], (i64_t)size[a] + ends[a], kernels[a], dilations[a]);
    from[a] = taps_before(first[a], 0, kernels[a], dilations[a]);
    to[a] = taps_before(first[a], size[a], kernels[a], dilations[a]);
    inside *= (real)(to[a] - from[a]);
  }
  bool any = false;
#pragma unroll
  for (int v = 0; v < V; ++v) y[v] = (real)0;
  for (int r = (int)from[0]; r < (int)to[0]; ++r) {
    for (int s = (int)from[1]; s < (int)to[1]; ++s) {
      for (int t = (int)from[2]; t < (int)to[2]; ++t) {
        int i[RANK];
        i[0] = o.d[0];
        i[1] = o.d[1];
        i[2] = (int)(first[0] + (i64_t)r * D0);
        if (SPATIAL > 1) i[SPATIAL > 1 ? 3 : 2] = (int)(first[1] + (i64_t)s * D1);
        if (SPATIAL > 2) i[SPATIAL > 2 ? 4 : 2] = (int)(first[2] + (i64_t)t * D2);
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
      const real count = INCLUDE_PAD ? span : inside;
      y[v] = count > (real)0 ? y[v] / count : (real)0;
    }
  }
}
