// ConvTranspose gathered: y[n,k,q] = sum over taps and c of x[n,c,p] * w[c,k',tap] where
// q = p * stride - pad + tap * dilation. w = [C, K/group, spatial...].
__device__ __forceinline__ bool source(int q, int stride, int size, int& p) {
  if (q < 0) return false;
  p = q / stride;
  return q - p * stride == 0 && p < size;
}
__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  const int size[3] = {H0, H1, H2};
  const int q0 = o.d[2] + B0, q1 = SPATIAL > 1 ? o.d[SPATIAL > 1 ? 3 : 2] + B1 : 0,
            q2 = SPATIAL > 2 ? o.d[SPATIAL > 2 ? 4 : 2] + B2 : 0;
#pragma unroll
  for (int v = 0; v < V; ++v) y[v] = (real)0;
  for (int v = 0; v < V; ++v) {
    const int k = o.d[1] + v;
    if (k >= P.filters) break;
    const int group = k / P.filters_per_group;
    real sum = (real)0;
    for (int r = 0; r < K0; ++r) {
      int i0, i1, i2;
      if (!source(q0 - r * D0, S0, size[0], i0)) continue;
      for (int s = 0; s < K1; ++s) {
        if (!source(q1 - s * D1, S1, size[1], i1)) continue;
        for (int t = 0; t < K2; ++t) {
          if (!source(q2 - t * D2, S2, size[2], i2)) continue;
          for (int c = group * P.channels_per_group; c < (group + 1) * P.channels_per_group; ++c) {
            int i[RANK], j[RANK];
            i[0] = o.d[0];
            j[0] = c;
            i[1] = c;
            j[1] = k - group * P.filters_per_group;
            i[2] = i0;
            j[2] = r;
            if (SPATIAL > 1) i[SPATIAL > 1 ? 3 : 2] = i1, j[SPATIAL > 1 ? 3 : 2] = s;
            if (SPATIAL > 2) i[SPATIAL > 2 ? 4 : 2] = i2, j[SPATIAL > 2 ? 4 : 2] = t;
            sum += elem_in0(A, P, i) * elem_in1(A, P, j);
          }
        }
      }
    }
#pragma unroll
    for (int u = 0; u < V; ++u)
      if (u == v) y[u] = sum;
  }
}
