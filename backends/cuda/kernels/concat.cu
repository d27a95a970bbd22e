// y = the input that holds coordinate o along AXIS.
__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  int i[RANK];
#pragma unroll
  for (int a = 0; a < RANK; ++a) i[a] = o.d[a];
  if (WHOLE) {
    load_piece(A, P, o, i, y);
    return;
  }
#pragma unroll
  for (int v = 0; v < V; ++v) {
#pragma unroll
    for (int a = 0; a < RANK; ++a) i[a] = o.d[a] + (a == LANE_AXIS ? v : 0);
    y[v] = v < o.valid ? piece_element(A, P, i) : (real)0;
  }
}
