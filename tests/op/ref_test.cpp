// The reference rows against independent loops and values worked out by hand.
#include <cmath>
#include <functional>

#include <gtest/gtest.h>

#include "tests/op/row_runner.h"

namespace tenfold::test {
namespace {

Tensor f32(Extents dims, const std::vector<double>& values) {
  return Tensor::of(DType::kF32, std::move(dims), values);
}

// Runs the reference row of a closed Problem's text.
std::vector<Tensor> ref(const std::string& text, const std::vector<Tensor>& inputs,
                        int threads = 2) {
  Problem p = Problem::parse(text);
  p.closed = true;
  const Row* row = find_row("ref." + p.op);
  if (!row) throw Error(Code::kNotFound, "no row ref." + p.op);
  const Verdict v = row->supports(p, open_device({"cpu", 0})->target());
  if (!v) throw Error(Code::kUnsupported, v.reason);
  return run_row(*row, p, {}, inputs, {threads});
}

void expect_values(const Tensor& t, const std::vector<double>& want, double tolerance = 1e-6) {
  ASSERT_EQ(t.count(), static_cast<int64_t>(want.size()));
  for (size_t k = 0; k < want.size(); ++k)
    EXPECT_NEAR(t.at(static_cast<int64_t>(k)), want[k], tolerance) << k;
}

TEST(Ref, ConvByHand) {
  // 3x3 image of 1..9, 2x2 kernel of ones, bias 0.5 through the expression, relu.
  const auto y = ref(
      "Conv(f32[1,1,3,3], @f32[1,1,2,2], @f32[1,1,1]) {strides=[1,1]} out0=relu(add(acc,in2)) -> "
      "f32[1,1,2,2] | compute=f32 acc=f32 anchor=2",
      {f32({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9}), f32({1, 1, 2, 2}, {1, 1, 1, 1}),
       f32({1, 1, 1}, {0.5})});
  expect_values(y[0], {12.5, 16.5, 24.5, 28.5});
}

}  // namespace
}  // namespace tenfold::test
