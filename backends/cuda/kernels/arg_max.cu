// The first (LAST: the last) place of the largest (LEAST: the least) element along AXIS; the first NaN
// counts as that.
__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  int i[RANK_IN];
#pragma unroll
  for (int a = 0; a < RANK_IN; ++a) i[a] = a == AXIS ? 0 : o.d[KEEP || a < AXIS ? (a < RANK ? a : 0) : a - 1];
  real best = P.extent > 0 ? elem_in0(A, P, i) : (real)0;
  int place = 0;
  for (int k = 1; k < P.extent; ++k) {
    i[AXIS] = k;
    const real x = elem_in0(A, P, i);
    if ((LEAST ? x < best : x > best) || (LAST && x == best) || (x != x && best == best)) best = x, place = k;
  }
  y[0] = (real)place;
}
