// Random tensors and comparison for tests. Seeds are printed on failure by the caller's
// SCOPED_TRACE.
#pragma once

#include <cmath>
#include <random>

#include <gtest/gtest.h>

#include "tenfold/problem.h"

namespace tenfold::test {

inline Tensor random_tensor(DType dtype, const Extents& dims, uint64_t seed, double scale = 1.0) {
  Tensor t(dtype, dims);
  std::mt19937_64 rng(seed);
  std::normal_distribution<double> normal(0.0, scale);
  std::uniform_int_distribution<int> pixel(0, 255);
  for (int64_t k = 0; k < t.count(); ++k)
    store_element(dtype, t.mutable_data(), k, is_float(dtype) ? normal(rng) : pixel(rng));
  return t;
}

// |got - want| <= absolute + relative |want| for every element, NaN only where wanted.
inline void expect_close(const Tensor& got, const Tensor& want, double absolute = 1e-5,
                         double relative = 1e-5) {
  ASSERT_EQ(got.dims(), want.dims());
  int64_t wrong = 0, first = -1;
  for (int64_t k = 0; k < want.count(); ++k) {
    const double a = got.at(k), b = want.at(k);
    const bool same =
        std::isnan(b) ? std::isnan(a) : std::abs(a - b) <= absolute + relative * std::abs(b);
    if (same) continue;
    ++wrong;
    if (first < 0) first = k;
  }
  EXPECT_EQ(wrong, 0) << "first at element " << first << ": got " << (first < 0 ? 0 : got.at(first))
                      << ", want " << (first < 0 ? 0 : want.at(first)) << " (of " << want.count()
                      << " elements)";
}

// An index that Gather takes, from either end, or sometimes one just beyond the axis.
inline double index_along(const Problem& gather, double number) {
  const Shape& x = gather.inputs[0].dims;
  const int64_t axis = gather.attrs.i("axis", 0), rank = static_cast<int64_t>(x.size());
  const int64_t extent = x[static_cast<size_t>(axis < 0 ? axis + rank : axis)].value();
  return static_cast<double>(static_cast<int64_t>(number) % (2 * extent + 1) - extent);
}

}  // namespace tenfold::test
