// Local response normalization across channels or, WITHIN, in a square of a channel:
//   y = x / (bias + scale * sum of x^2 over the neighbourhood) ^ beta
__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  load_in0(A, P, o, o.d, y);
  int i[RANK];
#pragma unroll
  for (int a = 0; a < RANK; ++a) i[a] = o.d[a];
#pragma unroll
  for (int v = 0; v < V; ++v) {
    const int c = o.d[1] + (LANE_AXIS == 1 ? v : 0);
    if (LANE_AXIS != 1) i[LANE_AXIS] = o.d[LANE_AXIS] + v;
    real sum = (real)0;
    if (WITHIN) {
      const int h = i[RANK > 2 ? 2 : 0], w = i[RANK > 3 ? 3 : 0];
      int j[RANK];
      j[0] = i[0];
      j[1] = c;
      for (int r = h - LRN_BEFORE; r <= h + LRN_AFTER; ++r)
        for (int s = w - LRN_BEFORE; s <= w + LRN_AFTER; ++s) {
          if (r < 0 || r >= P.height || s < 0 || s >= P.width || c >= P.channels) continue;
          j[RANK > 2 ? 2 : 0] = r;
          j[RANK > 3 ? 3 : 0] = s;
          const real x = elem_in0(A, P, j);
          sum += x * x;
        }
      y[v] *= pow((real)P.bias + (real)P.scale * sum, (real)-P.beta);
      continue;
    }
    const int low = c - LRN_BEFORE > 0 ? c - LRN_BEFORE : 0;
    const int high = c + LRN_AFTER < P.channels - 1 ? c + LRN_AFTER : P.channels - 1;
    for (int k = low; k <= high; ++k) {
      i[1] = k;
      const real x = elem_in0(A, P, i);
      sum += x * x;
    }
    y[v] *= pow((real)P.bias + (real)P.scale * sum, (real)-P.beta);
  }
}
