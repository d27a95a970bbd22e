// Depthwise convolution over two spatial axes: y[n,c,h,w] = sum over taps x[n,c,..] * w[c,tap]. A thread
// makes COLUMNS neighbouring columns of V channels, so that it reads every column of x once a row. The
// weights come packed as [tap][channel] in WEIGHT; small windows' wait in registers. Taps outside read the
// nearest element inside and count as zero: no load waits for a branch.
constexpr int kTaps = K0 * K1;
constexpr bool kEarly = kTaps <= 9;
constexpr int kRead = (COLUMNS - 1) * S1 + (K1 - 1) * D1 + 1;  // columns of x

template <typename Finish>
__device__ __forceinline__ void contract(const Args& A, const Params& P, unsigned char*, Finish finish) {
  release_successors();
  const int thread = blockIdx.x * blockDim.x + threadIdx.x;
  int q = divide(thread, P.x1);
  Coord o;
  o.d[1] = (thread - q * P.x1.d) * V;
  const int groups = (P.x3.d + COLUMNS - 1) / COLUMNS, rows = q / groups;
  const int first = (q - rows * groups) * COLUMNS;
  o.d[0] = divide(rows, P.x2);
  o.d[2] = rows - o.d[0] * P.x2.d;
  const bool mine = o.d[0] < P.pictures;
  const WEIGHT* weights = reinterpret_cast<const WEIGHT*>(A.in1) + o.d[1];
  real early[kEarly ? kTaps : 1][V];
  if (kEarly)
#pragma unroll
    for (int t = 0; t < kTaps; ++t) load_pack<WEIGHT, V>(weights + t * P.channels, early[kEarly ? t : 0]);
  await_predecessors();
  if (!mine) return;

  real y[COLUMNS][V];
#pragma unroll
  for (int j = 0; j < COLUMNS; ++j)
#pragma unroll
    for (int v = 0; v < V; ++v) y[j][v] = (real)0;
  o.d[3] = first;
  o.valid = P.stored - o.d[1] < V ? P.stored - o.d[1] : V;
  const int h = o.d[2] * S0 - B0, w = first * S1 - B1;
  if (H0 > 0 && H1 > 0) {
#pragma unroll
    for (int r = 0; r < K0; ++r) {
      const int at_h = h + r * D0;
#pragma unroll
      for (int c = 0; c < kRead; ++c) {
        const int at_w = w + c;
        const bool inside = at_h >= 0 && at_h < H0 && at_w >= 0 && at_w < H1;
        const int i[4] = {o.d[0], o.d[1], inside_of(at_h, H0), inside_of(at_w, H1)};
        real x[V];
        load_in0(A, P, o, i, x);
#pragma unroll
        for (int j = 0; j < COLUMNS; ++j) {
          const int ahead = c - j * S1, s = ahead / D1;  // the tap that meets column c for output j
          if (ahead < 0 || ahead % D1 != 0 || s >= K1) continue;
          real f[V];
          if (!kEarly) load_pack<WEIGHT, V>(weights + (r * K1 + s) * P.channels, f);
#pragma unroll
          for (int v = 0; v < V; ++v)
            y[j][v] += (inside ? x[v] : (real)0) * (kEarly ? early[kEarly ? r * K1 + s : 0][v] : f[v]);
        }
      }
    }
  }
#pragma unroll
  for (int j = 0; j < COLUMNS; ++j) {
    o.d[3] = first + j;
    if (o.d[3] < P.x3.d) finish(o, y[j]);
  }
}
