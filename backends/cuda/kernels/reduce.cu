// Reduction over the axes that REDUCED marks, one output element a thread. KIND: 0 mean, 1 sum, 2 max,
// 3 min, 4 product, 5 L1, 6 L2, 7 sum of squares, 8 log sum, 9 log sum exp.

// sum += x with what rounding lost so far (Kahan): one thread adds tens of thousands. Infinities stay.
__device__ __forceinline__ void accumulate(real& sum, real& lost, real x) {
  const real corrected = x - lost, next = sum + corrected, error = (next - sum) - corrected;
  lost = fabs(error) < (real)__int_as_float(0x7f800000) ? error : (real)0;
  sum = next;
}

__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  int i[RANK_IN];
  reduce_coordinates(o, i);
  const real infinity = (real)__int_as_float(0x7f800000);
  real sum = KIND == 2 ? -infinity : KIND == 3 ? infinity : KIND == 4 ? (real)1 : (real)0;
  real lost = (real)0, shift = -infinity;
  if (KIND == 9)
    for (int n = 0; n < P.reduced; ++n) {
      reduce_step(P, n, i);
      const real x = elem_in0(A, P, i);
      shift = x > shift || x != x ? x : shift;
    }
  for (int n = 0; n < P.reduced; ++n) {
    reduce_step(P, n, i);
    const real x = elem_in0(A, P, i);
    if (KIND <= 1 || KIND == 8) accumulate(sum, lost, x);
    if (KIND == 2) sum = x > sum || x != x ? x : sum;
    if (KIND == 3) sum = x < sum || x != x ? x : sum;
    if (KIND == 4) sum *= x;
    if (KIND == 5) accumulate(sum, lost, fabs(x));
    if (KIND == 6 || KIND == 7) accumulate(sum, lost, x * x);
    if (KIND == 9) accumulate(sum, lost, exp(x - shift));
  }
  if (KIND == 0) sum = sum / (real)P.reduced;
  if (KIND == 6) sum = sqrt(sum);
  if (KIND == 8) sum = log(sum);
  if (KIND == 9) sum = shift + log(sum);
  y[0] = sum;
}
