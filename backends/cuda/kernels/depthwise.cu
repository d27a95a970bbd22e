// Depthwise convolution over two spatial axes: y[n,c,h,w] = sum over taps x[n,c,..] * w[c,tap]; the
// weights come packed as [tap][channel] in WEIGHT. Taps outside read the nearest element inside and count
// as zero: no load waits for a branch.
__device__ __forceinline__ int inside_of(int i, int n) { return i < 0 ? 0 : i < n ? i : n - 1; }

__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  const int h = o.d[2] * S0 - B0, w = o.d[3] * S1 - B1;
  const WEIGHT* weights = reinterpret_cast<const WEIGHT*>(A.in1) + o.d[1];
#pragma unroll
  for (int v = 0; v < V; ++v) y[v] = (real)0;
  if (H0 < 1 || H1 < 1) return;
#pragma unroll
  for (int r = 0; r < K0; ++r) {
#pragma unroll
    for (int s = 0; s < K1; ++s) {
      const int at_h = h + r * D0, at_w = w + s * D1;
      const bool inside = at_h >= 0 && at_h < H0 && at_w >= 0 && at_w < H1;
      const int i[4] = {o.d[0], o.d[1], inside_of(at_h, H0), inside_of(at_w, H1)};
      real x[V], f[V];
      load_in0(A, P, o, i, x);
      load_pack<WEIGHT, V>(weights + (r * K1 + s) * P.channels, f);
#pragma unroll
      for (int v = 0; v < V; ++v) y[v] += (inside ? x[v] : (real)0) * f[v];
    }
  }
}
