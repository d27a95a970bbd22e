// y[o] = x[o - begin] inside x, else by MODE: 0 the value, 1 the nearest edge, 2 mirrored.
__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
#pragma unroll
  for (int v = 0; v < V; ++v) {
    int i[RANK], size[RANK];
    pad_coordinates(P, o, i, size);
    i[LANE_AXIS] += v;
    bool inside = true;
#pragma unroll
    for (int a = 0; a < RANK; ++a) {
      if (MODE == 1) i[a] = i[a] < 0 ? 0 : i[a] >= size[a] ? size[a] - 1 : i[a];
      if (MODE == 2 && size[a] > 1) {
        const int period = 2 * (size[a] - 1);
        i[a] = ((i[a] % period) + period) % period;
        if (i[a] >= size[a]) i[a] = period - i[a];
      }
      inside = inside && i[a] >= 0 && i[a] < size[a];
    }
    y[v] = inside ? elem_in0(A, P, i) : (real)P.value;
  }
}
