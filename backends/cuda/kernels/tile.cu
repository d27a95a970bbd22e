// y[o] = x[o mod the input's extent] along every axis.
__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
#pragma unroll
  for (int v = 0; v < V; ++v) {
    int i[RANK];
    tile_coordinates(P, o, v, i);
    y[v] = elem_in0(A, P, i);
  }
}
