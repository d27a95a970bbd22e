// y = x with coordinate indices[..] along AXIS, from the end where negative; NaN beyond the axis. The axes
// of the indices stand in y in the place of AXIS.
__device__ __forceinline__ bool chosen(const Args& A, const Params& P, const int (&d)[RANK], int (&i)[RANK_X]) {
  int j[RANK_INDICES];
  gather_coordinates(d, i, j);
  const real wanted = elem_in1(A, P, j);
  const real at = wanted < (real)0 ? wanted + (real)P.extent : wanted;
  const bool inside = at >= (real)0 && at < (real)P.extent;
  i[AXIS] = inside ? (int)at : 0;
  return inside;
}

__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  const real nan = (real)__int_as_float(0x7fffffff);
  int i[RANK_X];
  if (!LANES_CHOOSE) {
    if (chosen(A, P, o.d, i)) return load_in0(A, P, o, i, y);
#pragma unroll
    for (int v = 0; v < V; ++v) y[v] = nan;
    return;
  }
#pragma unroll
  for (int v = 0; v < V; ++v) {
    if (v >= o.valid) break;
    int d[RANK];
#pragma unroll
    for (int a = 0; a < RANK; ++a) d[a] = o.d[a] + (a == LANE_AXIS ? v : 0);
    y[v] = chosen(A, P, d, i) ? elem_in0(A, P, i) : nan;
  }
}
