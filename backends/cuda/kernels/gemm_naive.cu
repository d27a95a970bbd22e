// Gemm and MatMul, one output element a thread. Gemm: A is [M,K] or, TRANS_A, [K,M]; B [K,N] or,
// TRANS_B, [N,K]. MatMul: leading axes broadcast; LEAD_A, LEAD_B of them.
__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  int i[RANK_A], j[RANK_B];
#pragma unroll
  for (int a = 0; a < LEAD_A; ++a) i[a] = o.d[RANK - 2 - LEAD_A + a];
#pragma unroll
  for (int b = 0; b < LEAD_B; ++b) j[b] = o.d[RANK - 2 - LEAD_B + b];
  i[LEAD_A + TRANS_A] = o.d[RANK - 2];
  j[LEAD_B + 1 - TRANS_B] = o.d[RANK - 1];
  real sum = (real)0;
  for (int k = 0; k < P.depth; ++k) {
    i[LEAD_A + 1 - TRANS_A] = k;
    j[LEAD_B + TRANS_B] = k;
    sum += elem_in0(A, P, i) * elem_in1(A, P, j);
  }
  y[0] = sum;
}
