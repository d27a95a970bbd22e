// y[o] = x[start + o * step] along every axis.
__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  int i[RANK];
  slice_coordinates(P, o, i);
  load_in0(A, P, o, i, y);
}
