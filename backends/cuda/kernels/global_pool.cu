// GlobalAveragePool, GlobalMaxPool: one value an image and channel over all P.pixels.
__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
#pragma unroll
  for (int v = 0; v < V; ++v) y[v] = POOL_MAX ? -CUDART_INF : (real)0;
  int i[RANK_IN];
  i[0] = o.d[0];
  i[1] = o.d[1];
#pragma unroll 8
  for (int n = 0; n < P.pixels; ++n) {
    pixel_coordinates(P, n, i);
    real x[V];
    load_in0(A, P, o, i, x);
#pragma unroll
    for (int v = 0; v < V; ++v)
      y[v] = !POOL_MAX ? y[v] + x[v] : x[v] > y[v] || x[v] != x[v] ? x[v] : y[v];
  }
  if (!POOL_MAX) {
#pragma unroll
    for (int v = 0; v < V; ++v) y[v] = y[v] / (real)P.pixels;
  }
}
