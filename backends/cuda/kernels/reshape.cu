// The same elements in row-major order under other dims: element number -> coordinates of x.
__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  int i[RANK_IN];
  reshape_coordinates(P, o, i);
  y[0] = elem_in0(A, P, i);
}
