// Layers that map every element on its own, against the functions of the C library.
#include <algorithm>
#include <cmath>

#include <gtest/gtest.h>

#include "network_support.h"

using namespace nvinfer1;

namespace {

void pointwise(const Describe& describe, const std::function<float(float)>& f, float offset = 0) {
  check(
      DimsCHW(2, 3, 2), describe, {2, 3, 2},
      [&](const auto& x) {
        std::vector<float> y;
        for (const float v : x) y.push_back(f(v));
        return y;
      },
      11, offset);
}

TEST(Activation, Kinds) {
  using A = ActivationType;
  auto kind = [](A type, float alpha = 0, float beta = 0) {
    return [=](INetworkDefinition& net, ITensor& x) {
      auto* layer = net.addActivation(x, type);
      layer->setAlpha(alpha);
      layer->setBeta(beta);
      return layer->getOutput(0);
    };
  };
  pointwise(kind(A::kRELU), [](float v) { return std::max(v, 0.0f); });
  pointwise(kind(A::kSIGMOID), [](float v) { return 1 / (1 + std::exp(-v)); });
  pointwise(kind(A::kTANH), [](float v) { return std::tanh(v); });
  pointwise(kind(A::kLEAKY_RELU, 0.2f), [](float v) { return v < 0 ? 0.2f * v : v; });
  pointwise(kind(A::kELU, 0.7f), [](float v) { return v < 0 ? 0.7f * std::expm1(v) : v; });
  pointwise(kind(A::kSELU, 1.5f, 1.1f),
            [](float v) { return 1.1f * (v < 0 ? 1.5f * std::expm1(v) : v); });
  pointwise(kind(A::kSOFTSIGN), [](float v) { return v / (1 + std::fabs(v)); });
  pointwise(kind(A::kSOFTPLUS, 2, 3), [](float v) { return 2 * std::log1p(std::exp(3 * v)); });
  pointwise(kind(A::kCLIP, -0.3f, 0.4f),
            [](float v) { return std::min(std::max(v, -0.3f), 0.4f); });
  pointwise(kind(A::kHARD_SIGMOID, 0.3f, 0.4f),
            [](float v) { return std::min(std::max(0.3f * v + 0.4f, 0.0f), 1.0f); });
  pointwise(kind(A::kSCALED_TANH, 1.7f, 0.6f), [](float v) { return 1.7f * std::tanh(0.6f * v); });
  pointwise(kind(A::kTHRESHOLDED_RELU, 0.25f), [](float v) { return v > 0.25f ? v : 0; });
}

TEST(Unary, Operations) {
  using U = UnaryOperation;
  using F = float (*)(float);
  struct Case {
    U operation;
    F f;
    float offset;  // of inputs in [-1, 1)
  };
  const std::vector<Case> list = {{U::kEXP, std::exp, 1.25f},
                                  {U::kLOG, std::log, 1.25f},
                                  {U::kSQRT, std::sqrt, 1.25f},
                                  {U::kABS, std::fabs, 0},
                                  {U::kSIN, std::sin, 1.25f},
                                  {U::kCOS, std::cos, 1.25f},
                                  {U::kTAN, std::tan, 0},
                                  {U::kSINH, std::sinh, 0.5f},
                                  {U::kCOSH, std::cosh, 0.5f},
                                  {U::kASIN, std::asin, 0},
                                  {U::kACOS, std::acos, 0},
                                  {U::kATAN, std::atan, 0},
                                  {U::kATAN, std::atan, -2.5f},
                                  {U::kATAN, std::atan, 40},
                                  {U::kASINH, std::asinh, 0},
                                  {U::kASINH, std::asinh, -7},
                                  {U::kACOSH, std::acosh, 2.1f},
                                  {U::kATANH, std::atanh, 0},
                                  {U::kCEIL, std::ceil, 1.25f},
                                  {U::kFLOOR, std::floor, 1.25f},
                                  {U::kRECIP, [](float v) { return 1 / v; }, 1.25f},
                                  {U::kNEG, [](float v) { return -v; }, 1.25f}};
  for (const Case& c : list) {
    SCOPED_TRACE(static_cast<int>(c.operation));
    pointwise([&](INetworkDefinition& net,
                  ITensor& x) { return net.addUnary(x, c.operation)->getOutput(0); },
              c.f, c.offset);
  }
}

// Ends of the domains, and beyond them.
TEST(Unary, EndsOfDomains) {
  using U = UnaryOperation;
  auto at = [](U operation, const std::vector<float>& x) {
    Messages messages;
    const Result r = run_network(
        DimsCHW(1, 1, static_cast<int>(x.size())), 1, x,
        [&](INetworkDefinition& net, ITensor& in) {
          return net.addUnary(in, operation)->getOutput(0);
        },
        &messages);
    EXPECT_TRUE(r.ok) << messages.all();
    return r.values;
  };
  const float inf = INFINITY, half_pi = 1.57079637f;
  std::vector<float> y = at(U::kATAN, {inf, -inf, 0, 1e30f, 1, NAN});
  EXPECT_FLOAT_EQ(y[0], half_pi);
  EXPECT_FLOAT_EQ(y[1], -half_pi);
  EXPECT_EQ(y[2], 0);
  EXPECT_FLOAT_EQ(y[3], half_pi);
  EXPECT_FLOAT_EQ(y[4], half_pi / 2);
  EXPECT_TRUE(std::isnan(y[5]));
  y = at(U::kASIN, {1, -1, 1.5f});
  EXPECT_FLOAT_EQ(y[0], half_pi);
  EXPECT_FLOAT_EQ(y[1], -half_pi);
  EXPECT_TRUE(std::isnan(y[2]));
  y = at(U::kACOS, {1, -1, 1.5f});
  EXPECT_EQ(y[0], 0);
  EXPECT_FLOAT_EQ(y[1], 2 * half_pi);
  EXPECT_TRUE(std::isnan(y[2]));
  y = at(U::kATANH, {1, -1, 2});
  EXPECT_EQ(y[0], inf);
  EXPECT_EQ(y[1], -inf);
  EXPECT_TRUE(std::isnan(y[2]));
  y = at(U::kACOSH, {1, 0.5f});
  EXPECT_EQ(y[0], 0);
  EXPECT_TRUE(std::isnan(y[1]));
}

TEST(Scale, Modes) {
  const std::vector<float> one = {1.5f}, shift = {0.25f}, power = {2}, gains = {2, -1},
                           shifts = numbers(12, 12);
  pointwise(
      [&](INetworkDefinition& net, ITensor& x) {
        return net.addScale(x, ScaleMode::kUNIFORM, lend(shift), lend(one), lend(power))
            ->getOutput(0);
      },
      [](float v) { return (1.5f * v + 0.25f) * (1.5f * v + 0.25f); }, 1);
  check(
      DimsCHW(2, 3, 2),
      [&](INetworkDefinition& net, ITensor& x) {
        ITensor* y =
            net.addScale(x, ScaleMode::kCHANNEL, none(), lend(gains), none())->getOutput(0);
        return net.addScale(*y, ScaleMode::kELEMENTWISE, lend(shifts), none(), none())
            ->getOutput(0);
      },
      {2, 3, 2},
      [&](const auto& x) {
        std::vector<float> y;
        for (size_t k = 0; k < 12; ++k) y.push_back(x[k] * gains[k / 6] + shifts[k]);
        return y;
      });
}

TEST(ElementWise, OperationsAndBroadcast) {
  using E = ElementWiseOperation;
  const std::vector<float> c = {0.5f, 2.0f};
  const std::vector<std::pair<E, float (*)(float, float)>> list = {
      {E::kSUM, [](float a, float b) { return a + b; }},
      {E::kPROD, [](float a, float b) { return a * b; }},
      {E::kMAX, [](float a, float b) { return std::max(a, b); }},
      {E::kMIN, [](float a, float b) { return std::min(a, b); }},
      {E::kSUB, [](float a, float b) { return a - b; }},
      {E::kDIV, [](float a, float b) { return a / b; }},
      {E::kPOW, [](float a, float b) { return std::pow(a, b); }}};
  for (const auto& [operation, f] : list)
    check(
        DimsCHW(2, 2, 3),
        [&, operation = operation](INetworkDefinition& net, ITensor& x) {
          ITensor* k = net.addConstant(DimsCHW(2, 1, 1), lend(c))->getOutput(0);
          return net.addElementWise(x, *k, operation)->getOutput(0);
        },
        {2, 2, 3},
        [&, f = f](const auto& x) {
          std::vector<float> y;
          for (size_t k = 0; k < 12; ++k) y.push_back(f(x[k], c[k / 6]));
          return y;
        },
        13, 1.5f);
}

}  // namespace
