// Resampling of the spatial axes. Position of output k on the input: COORDINATES 0 half_pixel
// (k + 1/2) / s - 1/2, 1 asymmetric k / s, 2 align_corners k (in - 1) / (out - 1). LINEAR 1 goes between
// the two neighbours, 0 takes the one that ROUNDING says: 0 floor, 1 ceil, 2 half up, 3 half down.
struct Tap {
  int low, high;
  real weight;
};

__device__ __forceinline__ Tap tap_of(int k, int in, int out, double scale) {
  double at = ((double)k + 0.5) / scale - 0.5;
  if (COORDINATES == 1) at = (double)k / scale;
  if (COORDINATES == 2) at = out > 1 ? (double)k * (double)(in - 1) / (double)(out - 1) : 0.0;
  at = fmin(fmax(at, 0.0), (double)(in - 1));
  double low = floor(at);
  if (!LINEAR) low = ROUNDING == 0 ? low : ROUNDING == 1 ? ceil(at) : ROUNDING == 2 ? floor(at + 0.5) : ceil(at - 0.5);
  Tap t;
  t.low = min(max((int)low, 0), in - 1);
  t.high = min(t.low + 1, in - 1);
  t.weight = LINEAR ? (real)(at - (double)t.low) : (real)0;
  return t;
}

__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
#pragma unroll
  for (int v = 0; v < V; ++v) {
    int d[RANK];
#pragma unroll
    for (int a = 0; a < RANK; ++a) d[a] = o.d[a] + (a == LANE_AXIS ? v : 0);
    Tap taps[RANK - 2];
    resize_taps(P, d, taps);
    real sum = (real)0;
#pragma unroll
    for (int corner = 0; corner < 1 << (RANK - 2); ++corner) {
      int i[RANK];
      i[0] = d[0];
      i[1] = d[1];
      real weight = (real)1;
#pragma unroll
      for (int a = 0; a < RANK - 2; ++a) {
        const bool high = corner >> a & 1;
        i[2 + a] = high ? taps[a].high : taps[a].low;
        weight *= high ? taps[a].weight : (real)1 - taps[a].weight;
      }
      if (weight != (real)0) sum += weight * elem_in0(A, P, i);
    }
    y[v] = sum;
  }
}
