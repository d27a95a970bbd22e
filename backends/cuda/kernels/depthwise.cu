// Depthwise convolution over two spatial axes: y[n,c,h,w] = sum over taps x[n,c,..] * w[c,tap]; the
// weights come packed as [tap][channel] in WEIGHT.
__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  const int h = o.d[2] * S0 - B0, w = o.d[3] * S1 - B1;
  const WEIGHT* weights = reinterpret_cast<const WEIGHT*>(A.in1) + o.d[1];
#pragma unroll
  for (int v = 0; v < V; ++v) y[v] = (real)0;
#pragma unroll
  for (int r = 0; r < K0; ++r) {
#pragma unroll
    for (int s = 0; s < K1; ++s) {
      const int i[4] = {o.d[0], o.d[1], h + r * D0, w + s * D1};
      if (i[2] < 0 || i[2] >= H0 || i[3] < 0 || i[3] >= H1) continue;
      real x[V], f[V];
      load_in0(A, P, o, i, x);
      load_pack<WEIGHT, V>(weights + (r * K1 + s) * P.channels, f);
#pragma unroll
      for (int v = 0; v < V; ++v) y[v] += x[v] * f[v];
    }
  }
}
