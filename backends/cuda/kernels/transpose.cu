// y[o] = x[i] with i[perm[k]] = o[k].
__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  const int perm[RANK] = {PERM};
  int i[RANK];
#pragma unroll
  for (int k = 0; k < RANK; ++k) i[perm[k]] = o.d[k];
  load_in0(A, P, o, i, y);
}
