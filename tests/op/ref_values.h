// Values and runs for tests of the reference rows.
#pragma once

#include <random>

#include <gtest/gtest.h>

#include "tests/op/row_runner.h"

namespace tenfold::test {

inline Tensor f32(Extents dims, const std::vector<double>& values) {
  return Tensor::of(DType::kF32, std::move(dims), values);
}
inline Tensor iota(Extents dims) {
  Tensor t(DType::kF32, std::move(dims));
  for (int64_t k = 0; k < t.count(); ++k)
    t.as_mutable<float>()[static_cast<size_t>(k)] = static_cast<float>(k);
  return t;
}
inline Tensor normal(Extents dims, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> distribution;
  Tensor t(DType::kF32, std::move(dims));
  for (int64_t k = 0; k < t.count(); ++k)
    store_element(DType::kF32, t.mutable_data(), k, distribution(random));
  return t;
}

// Runs the reference row of a Problem's text, which need not say "closed".
inline std::vector<Tensor> ref(const std::string& text, const std::vector<Tensor>& inputs,
                               int threads = 2) {
  Problem p = Problem::parse(text);
  p.closed = true;
  const Row* row = find_row("ref." + p.op);
  if (!row) throw Error(Code::kNotFound, "no row ref." + p.op);
  const Verdict v = row->supports(p, open_device({"cpu", 0})->target());
  if (!v) throw Error(Code::kUnsupported, v.reason);
  return run_row(*row, p, {}, inputs, {threads});
}

inline void expect_values(const Tensor& t, const std::vector<double>& want,
                          double tolerance = 1e-6) {
  ASSERT_EQ(t.count(), static_cast<int64_t>(want.size()));
  for (size_t k = 0; k < want.size(); ++k)
    EXPECT_NEAR(t.at(static_cast<int64_t>(k)), want[k], tolerance) << k;
}

}  // namespace tenfold::test
