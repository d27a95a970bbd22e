// Reductions, searches and normalization over lines of floats, compiled once per instruction set. A
// line is contiguous; "rows" functions take one row of many lines side by side, element k belonging
// to line k.
#pragma once

#include <cstdint>

namespace tenfold::cpu::simd {

// Plain data, so that files of any instruction set may include this.
enum class Fold : uint8_t { kSum, kSumAbs, kSumSquare, kMax, kMin, kProd };

struct Lines {
  // The fold of n elements (NaN wins in kMax and kMin); of none: 0, 1 for kProd, infinities.
  double (*fold)(Fold fold, int64_t n, const float* x);
  // acc[k] = acc[k] folded with x[k].
  void (*fold_rows)(Fold fold, int64_t n, const float* x, double* acc);
  // acc[k] = max(acc[k], x[k]); NaN wins.
  void (*max_rows)(int64_t n, const float* x, float* acc);
  // Where x[k] is larger than best[k] (`last`: or equal), or NaN and best[k] is not: best[k] = x[k]
  // and at[k] = row. `sign` -1 looks for the smallest.
  void (*best_rows)(int64_t n, const float* x, float sign, bool last, int32_t row, float* best,
                    int32_t* at);
  // y[k] = exp(x[k] - shift); returns the sum. y may be x; null: the sum alone.
  double (*exp_line)(int64_t n, const float* x, float shift, float* y);
  // y[k] = exp(x[k] - shift[k]), sum[k] += y[k]. y may be x; null: the sums alone.
  void (*exp_rows)(int64_t n, const float* x, const float* shift, float* y, float* sum);
  // y[k] = x[k] * scale[k] + shift[k], steps 0 or 1 of scale and shift.
  void (*scale)(int64_t n, const float* x, const float* scale, const float* shift, int step,
                float* y);
  // y[k] = x[k] * b^(-quarters / 4) with b = bias + scale * sum of first[k + r * step]^2 over r <
  // rows, quarters from 1 to 4, within 1e-6 of the exact value. False, y then being undefined,
  // where a b is outside [1e-24, 1e30], or NaN. y may be neither x nor a row.
  bool (*normalize)(int64_t n, const float* first, int64_t step, int64_t rows, float scale,
                    float bias, int quarters, const float* x, float* y);
  // acc[k] += w * x[k].
  void (*add_rows)(int64_t n, const float* x, float w, float* acc);
};

extern const Lines lines_baseline, lines_avx2, lines_avx512;

// The fastest that this processor has.
const Lines& best_lines();

}  // namespace tenfold::cpu::simd
