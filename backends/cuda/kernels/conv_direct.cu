// Convolution of any group, dilation and rank, one output element a lane: the row that takes what the
// others refuse. w = [K, C/group, spatial...].
__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  const int size[3] = {H0, H1, H2};
  int first[3];
#pragma unroll
  for (int a = 0; a < 3; ++a) {
    const int strides[3] = {S0, S1, S2}, begins[3] = {B0, B1, B2};
    first[a] = (a < SPATIAL ? o.d[a < SPATIAL ? a + 2 : 0] : 0) * strides[a] - begins[a];
  }
#pragma unroll
  for (int v = 0; v < V; ++v) y[v] = (real)0;
  for (int v = 0; v < V; ++v) {
    const int k = o.d[1] + v;
    if (k >= P.filters) break;
    const int base = k / P.filters_per_group * P.channels_per_group;
    real sum = (real)0;
    for (int r = 0; r < K0; ++r) {
      const int i0 = first[0] + r * D0;
      if (i0 < 0 || i0 >= size[0]) continue;
      for (int s = 0; s < K1; ++s) {
        const int i1 = first[1] + s * D1;
        if (i1 < 0 || i1 >= size[1]) continue;
        for (int t = 0; t < K2; ++t) {
          const int i2 = first[2] + t * D2;
          if (i2 < 0 || i2 >= size[2]) continue;
          for (int c = 0; c < P.channels_per_group; ++c) {
            int i[RANK], j[RANK];
            i[0] = o.d[0];
            j[0] = k;
            i[1] = base + c;
            j[1] = c;
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
