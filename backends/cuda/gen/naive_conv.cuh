// A convolution of any group, dilation and rank, one output element a lane, on what the text that includes
// it defines:
//   bool source(o, tap, stride, dilation, pad, size, at): the input coordinate `at` that output coordinate
//     `o` meets at a tap, if there is one
//   void weight(P, group, c, k, j): coordinates 0 and 1 of the weight of channel c (of the input) and filter k
__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  constexpr int kAxis1 = SPATIAL > 1 ? 3 : 2, kAxis2 = SPATIAL > 2 ? 4 : 2;
  const int o1 = SPATIAL > 1 ? o.d[kAxis1] : 0, o2 = SPATIAL > 2 ? o.d[kAxis2] : 0;
#pragma unroll
  for (int v = 0; v < V; ++v) y[v] = (real)0;
  for (int v = 0; v < V; ++v) {
    const int k = o.d[1] + v;
    if (k >= P.filters) break;
    const int group = k / P.filters_per_group;
    real sum = (real)0;
    for (int r = 0; r < K0; ++r) {
      int i0, i1, i2;
      if (!source(o.d[2], r, S0, D0, B0, H0, i0)) continue;
      for (int s = 0; s < K1; ++s) {
        if (!source(o1, s, S1, D1, B1, H1, i1)) continue;
        for (int t = 0; t < K2; ++t) {
          if (!source(o2, t, S2, D2, B2, H2, i2)) continue;
          for (int c = group * P.channels_per_group; c < (group + 1) * P.channels_per_group; ++c) {
            int i[RANK], j[RANK];
            weight(P, group, c, k, j);
            i[0] = o.d[0];
            i[1] = c;
            i[2] = i0;
            j[2] = r;
            if (SPATIAL > 1) i[kAxis1] = i1, j[kAxis1] = s;
            if (SPATIAL > 2) i[kAxis2] = i2, j[kAxis2] = t;
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
