// y[o] = x[o]: conversions of layout and type.
__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  load_in0(A, P, o, o.d, y);
}
