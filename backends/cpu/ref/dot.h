// Dot products in float64 with a summation order that depends on the depth alone: never on threads,
// tiles or neighbours.
#pragma once

#include <cstdint>
#include <cstring>

namespace tenfold::cpu::ref {

using Two = double __attribute__((vector_size(16)));

inline Two load_two(const double* p) {
  Two two;
  std::memcpy(&two, p, sizeof two);  // p may lie at any double
  return two;
}

// out[j] = sum_k a[j * lda + k] * b[k] for kWidth rows of a.
template <int kWidth>
void dot_rows(const double* a, int64_t lda, const double* b, int64_t depth, double* out) {
  Two s0[kWidth] = {}, s1[kWidth] = {};
  int64_t k = 0;
  for (; k + 4 <= depth; k += 4) {
    const Two b0 = load_two(b + k), b1 = load_two(b + k + 2);
    for (int j = 0; j < kWidth; ++j) {
      s0[j] += load_two(a + j * lda + k) * b0;
      s1[j] += load_two(a + j * lda + k + 2) * b1;
    }
  }
  for (int j = 0; j < kWidth; ++j) {
    double sum = (s0[j][0] + s0[j][1]) + (s1[j][0] + s1[j][1]);
    for (int64_t t = k; t < depth; ++t) sum += a[j * lda + t] * b[t];
    out[j] = sum;
  }
}

// out[j * ldo] for `rows` rows of a.
inline void dot(const double* a, int64_t lda, int64_t rows, const double* b, int64_t depth,
                double* out, int64_t ldo) {
  double r[4];
  int64_t j = 0;
  for (; j + 4 <= rows; j += 4) {
    dot_rows<4>(a + j * lda, lda, b, depth, r);
    for (int t = 0; t < 4; ++t) out[(j + t) * ldo] = r[t];
  }
  for (; j < rows; ++j) {
    dot_rows<1>(a + j * lda, lda, b, depth, r);
    out[j * ldo] = r[0];
  }
}

// A row of weights as float64: the row itself, or its widened copy in `buffer`.
inline const double* widen_row(const double* f64, const float* f32, int64_t offset, int64_t depth,
                               double* buffer) {
  if (f64) return f64 + offset;
  for (int64_t k = 0; k < depth; ++k) buffer[k] = static_cast<double>(f32[offset + k]);
  return buffer;
}

}  // namespace tenfold::cpu::ref
