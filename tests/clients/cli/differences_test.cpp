// What `tenfold check` calls wrong.
#include "clients/cli/differences.h"

#include <cmath>

#include <gtest/gtest.h>

namespace tenfold::cli {
namespace {

Tensor tensor_of(const std::vector<float>& values) {
  Tensor t(DType::kF32, {static_cast<int64_t>(values.size())});
  std::copy(values.begin(), values.end(), t.as_mutable<float>().begin());
  return t;
}

// y = (x - 1) * gain: near 1 a rounding of x becomes as much more.
Named steep(const Named& in, float gain) {
  std::vector<float> y;
  for (const float x : in.at("x").as<float>()) y.push_back((x - 1) * gain);
  return {{"y", tensor_of(y)}};
}

Difference differ(float gain, float error, DType precision = DType::kF32) {
  const Named inputs{{"x", tensor_of({1.5f, 1.25f, 2})}};
  Named got = steep(inputs, gain);
  got.at("y").as_mutable<float>()[1] += error;
  int asked = 0;
  const auto reference = [&](const Named& in) { return ++asked, steep(in, gain); };
  const auto differences = differences_of(got, inputs, precision, reference);
  EXPECT_EQ(differences.size(), 1u);
  EXPECT_EQ(asked, differences[0].rounding > 0 ? 2 : 1);
  return differences[0];
}

TEST(Differences, AreWrongBeyondTheBound) {
  EXPECT_TRUE(differ(1, 0).ok);
  EXPECT_TRUE(differ(1, 0.9e-4f).ok);
  const Difference wrong = differ(1, 2e-4f);
  EXPECT_FALSE(wrong.ok);
  EXPECT_NEAR(wrong.largest, 2e-4, 1e-6);
  EXPECT_GT(wrong.allowed_share, 1);
  EXPECT_FALSE(differ(1, INFINITY).ok);
  EXPECT_FALSE(differ(1, NAN).ok);
  EXPECT_TRUE(differ(1, 2e-3f, DType::kF16).ok);
  EXPECT_FALSE(differ(1, 1e-1f, DType::kTF32).ok);
}

// A network that makes much of a rounding of its inputs may make as much of its own ones.
TEST(Differences, AreAllowedAsRoundingsAre) {
  const auto network = [](const Named& in) {
    std::vector<float> y;
    for (const float x : in.at("x").as<float>()) y.push_back(1 + 1e4f * (x - 1.5f));
    return Named{{"y", tensor_of(y)}};
  };
  const Named inputs{{"x", tensor_of({1.5f, 1.5f, 1.5f})}};  // a rounding of it: 1.2e-7 to 1.8e-7
  for (const auto& [error, ok] : {std::pair{1e-4f, true}, {5e-3f, true}, {1e-1f, false}}) {
    Named got = network(inputs);
    got.at("y").as_mutable<float>()[2] += error;
    const Difference d = differences_of(got, inputs, DType::kF32, network).at(0);
    EXPECT_EQ(d.ok, ok) << error;
    EXPECT_EQ(d.rounding > 0, error > 1e-3f) << d.rounding;
  }
}

// Integers cannot be rounded: what is too far away stays wrong.
TEST(Differences, OfIntegersAreAskedForOnce) {
  int asked = 0;
  const auto differences = differences_of({{"y", tensor_of({1})}}, {{"x", Tensor(DType::kU8, {3})}},
                                          DType::kF32, [&](const Named&) {
                                            ++asked;
                                            return Named{{"y", tensor_of({2})}};
                                          });
  EXPECT_FALSE(differences.at(0).ok);
  EXPECT_EQ(asked, 1);
}

}  // namespace
}  // namespace tenfold::cli
