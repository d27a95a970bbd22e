// Gemm and MatMul, one output element a thread: alpha * sum over k of A * B (+ beta * C). The macros that
// the row writes give the coordinates: of A and B for this output element, and along the depth.
__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  int i[RANK_A], j[RANK_B];
  place_a(o, i);
  place_b(o, j);
  real sum = (real)0;
  for (int k = 0; k < P.depth; ++k) {
    i[DEPTH_A] = k;
    j[DEPTH_B] = k;
    sum += elem_in0(A, P, i) * elem_in1(A, P, j);
  }
  sum *= (real)P.alpha;
#if ADDEND
  int c[RANK_C];
  place_c(o, c);
  sum += (real)P.beta * elem_in2(A, P, c);
#endif
  y[0] = sum;
}
