// Local response normalization across channels or, WITHIN, in a square of a channel:
//   y = x / (bias + scale * sum of x^2 over the neighbourhood) ^ beta
__device__ __forceinline__ double inverse_power(double s, float beta) { return pow(s, -(double)beta); }
__device__ __forceinline__ float inverse_power(float s, float beta) {
  if (!(s > 0.0f)) return powf(s, -beta);
  if (beta != 0.75f) return exp2f(-beta * log2f(s));
  const float r = rsqrtf(s);
  return r * sqrtf(r);
}

// Lanes that are channels: their own values and a few on either side.
__device__ __forceinline__ void across_lanes(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  real squares[V + LRN_BEFORE + LRN_AFTER];
  int i[RANK];
#pragma unroll
  for (int a = 0; a < RANK; ++a) i[a] = o.d[a];
#pragma unroll
  for (int k = 0; k < V + LRN_BEFORE + LRN_AFTER; ++k) {
    const int c = o.d[1] + k - LRN_BEFORE;
    const bool own = k >= LRN_BEFORE && k < LRN_BEFORE + V;
    i[1] = c < 0 ? 0 : c < P.channels ? c : P.channels - 1;
    const real x = own ? y[own ? k - LRN_BEFORE : 0] : elem_in0(A, P, i);
    squares[k] = c >= 0 && c < P.channels ? x * x : (real)0;
  }
#pragma unroll
  for (int v = 0; v < V; ++v) {
    real sum = (real)0;
#pragma unroll
    for (int k = 0; k <= LRN_BEFORE + LRN_AFTER; ++k) sum += squares[v + k];
    y[v] *= inverse_power((real)P.bias + (real)P.scale * sum, P.beta);
  }
}

// Other lanes: whole vectors of the neighbouring channels. The loop's length is a constant: of one
// from the first to the last channel that there is, NVRTC 13 unrolls a single turn into five.
__device__ __forceinline__ void across_vectors(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  int i[RANK];
#pragma unroll
  for (int a = 0; a < RANK; ++a) i[a] = o.d[a];
  real sums[V];
#pragma unroll
  for (int v = 0; v < V; ++v) sums[v] = (real)0;
#pragma unroll 5
  for (int k = -LRN_BEFORE; k <= LRN_AFTER; ++k) {
    i[1] = o.d[1] + k;
    if (i[1] < 0 || i[1] >= P.channels) continue;
    real x[V];
    load_in0(A, P, o, i, x);
#pragma unroll
    for (int v = 0; v < V; ++v) sums[v] += x[v] * x[v];
  }
#pragma unroll
  for (int v = 0; v < V; ++v) y[v] *= inverse_power((real)P.bias + (real)P.scale * sums[v], P.beta);
}

// Lanes that are channels and more neighbours than wait in registers: element by element.
__device__ __forceinline__ void across_elements(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  int i[RANK];
#pragma unroll
  for (int a = 0; a < RANK; ++a) i[a] = o.d[a];
#pragma unroll 1
  for (int v = 0; v < V; ++v) {
    if (o.d[1] + v >= P.channels) continue;
    real sum = (real)0;
#pragma unroll 1
    for (int k = -LRN_BEFORE; k <= LRN_AFTER; ++k) {
      i[1] = o.d[1] + v + k;
      if (i[1] < 0 || i[1] >= P.channels) continue;
      const real x = elem_in0(A, P, i);
      sum += x * x;
    }
    y[v] *= inverse_power((real)P.bias + (real)P.scale * sum, P.beta);
  }
}

// A square of one channel, element by element.
__device__ __forceinline__ void within_channel(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  int i[RANK];
#pragma unroll
  for (int a = 0; a < RANK; ++a) i[a] = o.d[a];
#pragma unroll
  for (int v = 0; v < V; ++v) {
    const int c = o.d[1] + (LANE_AXIS == 1 ? v : 0);
    if (LANE_AXIS != 1) i[LANE_AXIS] = o.d[LANE_AXIS] + v;
    real sum = (real)0;
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
    y[v] *= inverse_power((real)P.bias + (real)P.scale * sum, P.beta);
  }
}

__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  load_in0(A, P, o, o.d, y);
#if WITHIN
  within_channel(A, P, o, y);
#elif LRN_IN_LANES
  across_lanes(A, P, o, y);
#elif LANE_AXIS == 1
  across_elements(A, P, o, y);
#else
  across_vectors(A, P, o, y);
#endif
}
