// Reduction over the axes that reduce_step walks: one output element a thread, or a block (TOGETHER). KIND:
// 0 mean, 1 sum, 2 max, 3 min, 4 product, 5 L1, 6 L2, 7 sum of squares, 8 log sum, 9 log sum exp.
#if TOGETHER
#include "gen/block.cuh"
#define FIRST (int)threadIdx.x
#define STEP (int)blockDim.x
#define OVER_BLOCK(x, combine, neutral) over_block(x, combine, neutral)
#else
#define FIRST 0
#define STEP 1
#define OVER_BLOCK(x, combine, neutral) (x)
#endif

// sum += x with what rounding lost so far (Kahan): one thread may add tens of thousands. Infinities stay.
__device__ __forceinline__ void accumulate(real& sum, real& lost, real x) {
  const real corrected = x - lost, next = sum + corrected, error = (next - sum) - corrected;
  lost = fabs(error) < (real)__int_as_float(0x7f800000) ? error : (real)0;
  sum = next;
}

// x of number n to visit(x), for each that this thread has; AHEAD loads wait for no arithmetic.
#define AHEAD 8
template <typename Visit>
__device__ __forceinline__ void for_each(const Args& A, const Params& P, int (&i)[RANK_IN], Visit visit) {
  int n = FIRST;
  for (; P.reduced - n > (AHEAD - 1) * STEP; n += AHEAD * STEP) {
    real x[AHEAD];
#pragma unroll
    for (int k = 0; k < AHEAD; ++k) {
      reduce_step(P, n + k * STEP, i);
      x[k] = elem_in0(A, P, i);
    }
#pragma unroll
    for (int k = 0; k < AHEAD; ++k) visit(x[k]);
  }
  for (; n < P.reduced; n += STEP) {
    reduce_step(P, n, i);
    visit(elem_in0(A, P, i));
  }
}

__device__ __forceinline__ void anchor(const Args& A, const Params& P, const Coord& o, real (&y)[V]) {
  int i[RANK_IN];
  reduce_coordinates(o, i);
  const real infinity = (real)__int_as_float(0x7f800000);
  const real neutral = KIND == 2 ? -infinity : KIND == 3 ? infinity : (real)(KIND == 4);
  real sum = neutral, lost = (real)0, shift = -infinity;
  if (KIND == 9) {
    for_each(A, P, i, [&](real x) { shift = x > shift || x != x ? x : shift; });
    shift = OVER_BLOCK(shift, Larger(), -infinity);
    if (fabs(shift) == infinity) shift = (real)0;
  }
  for_each(A, P, i, [&](real x) {
    if (KIND <= 1 || KIND == 8) accumulate(sum, lost, x);
    if (KIND == 2) sum = x > sum || x != x ? x : sum;
    if (KIND == 3) sum = x < sum || x != x ? x : sum;
    if (KIND == 4) sum *= x;
    if (KIND == 5) accumulate(sum, lost, fabs(x));
    if (KIND == 6 || KIND == 7) accumulate(sum, lost, x * x);
    if (KIND == 9) accumulate(sum, lost, exp(x - shift));
  });
  if (KIND == 2)
    sum = OVER_BLOCK(sum, Larger(), neutral);
  else if (KIND == 3)
    sum = OVER_BLOCK(sum, Smaller(), neutral);
  else if (KIND == 4)
    sum = OVER_BLOCK(sum, Multiplied(), neutral);
  else
    sum = (real)OVER_BLOCK((double)sum - (double)lost, Added(), 0.0);
  if (KIND == 0) sum = sum / (real)P.reduced;
  if (KIND == 6) sum = sqrt(sum);
  if (KIND == 8) sum = log(sum);
  if (KIND == 9) sum = shift + log(sum);
  y[0] = sum;
}
