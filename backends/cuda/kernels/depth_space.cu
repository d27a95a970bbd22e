// Channels to and from blocks of pixels, BLOCK on a side. Depth's order is (block row, block column,
// channel), with CRD 1 (channel, block row, block column). TO_SPACE 1: depth to space.
__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
#pragma unroll
  for (int v = 0; v < V; ++v) {
    const int c = o.d[1] + (LANE_AXIS == 1 ? v : 0), h = o.d[2] + (LANE_AXIS == 2 ? v : 0),
              w = o.d[3] + (LANE_AXIS == 3 ? v : 0);
    int i[4] = {o.d[0] + (LANE_AXIS == 0 ? v : 0), 0, 0, 0};
    if (TO_SPACE) {
      const int spot = h % BLOCK * BLOCK + w % BLOCK;
      i[1] = CRD ? c * BLOCK * BLOCK + spot : spot * P.channels + c;
      i[2] = h / BLOCK;
      i[3] = w / BLOCK;
    } else {
      const int spot = CRD ? c % (BLOCK * BLOCK) : c / P.channels;
      i[1] = CRD ? c / (BLOCK * BLOCK) : c % P.channels;
      i[2] = h * BLOCK + spot / BLOCK;
      i[3] = w * BLOCK + spot % BLOCK;
    }
    y[v] = elem_in0(A, P, i);
  }
}
