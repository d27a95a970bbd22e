// The reference rows against values worked out by hand and against independent loops.
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include <gtest/gtest.h>

#include "tests/op/ref_values.h"

namespace tenfold::test {
namespace {

TEST(Ref, ConvByHand) {
  const auto y = ref(
      "Conv(f32[1,1,3,3], @f32[1,1,2,2], @f32[1,1,1]) {strides=[1,1]} out0=relu(add(acc,in2)) -> "
      "f32[1,1,2,2] | compute=f32 acc=f32 anchor=2",
      {f32({1, 1, 3, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9}), f32({1, 1, 2, 2}, {1, 1, 1, 1}),
       f32({1, 1, 1}, {0.5})});
  expect_values(y[0], {12.5, 16.5, 24.5, 28.5});
}

struct ConvShape {
  int64_t n, c, h, w, o, kh, kw, sy, sx, py, px, dy, dx, group;
};

// Seven loops, nothing shared with the row.
std::vector<double> conv_loops(const ConvShape& s, const Tensor& x, const Tensor& w, int64_t oh,
                               int64_t ow) {
  std::vector<double> y(static_cast<size_t>(s.n * s.o * oh * ow), 0.0);
  const int64_t cg = s.c / s.group, og = s.o / s.group;
  for (int64_t n = 0; n < s.n; ++n)
    for (int64_t o = 0; o < s.o; ++o)
      for (int64_t oy = 0; oy < oh; ++oy)
        for (int64_t ox = 0; ox < ow; ++ox)
          for (int64_t c = 0; c < cg; ++c)
            for (int64_t ky = 0; ky < s.kh; ++ky)
              for (int64_t kx = 0; kx < s.kw; ++kx) {
                const int64_t iy = oy * s.sy - s.py + ky * s.dy, ix = ox * s.sx - s.px + kx * s.dx;
                if (iy < 0 || iy >= s.h || ix < 0 || ix >= s.w) continue;
                const int64_t in = ((n * s.c + o / og * cg + c) * s.h + iy) * s.w + ix;
                y[static_cast<size_t>(((n * s.o + o) * oh + oy) * ow + ox)] +=
                    x.at(in) * w.at(((o * cg + c) * s.kh + ky) * s.kw + kx);
              }
  return y;
}

TEST(Ref, ConvAgainstLoops) {
  const ConvShape shapes[] = {{2, 3, 7, 6, 4, 3, 3, 1, 1, 1, 1, 1, 1, 1},
                              {1, 4, 9, 8, 6, 3, 2, 2, 1, 1, 0, 1, 2, 2},
                              {1, 5, 5, 5, 5, 3, 3, 1, 1, 1, 1, 1, 1, 5},
                              {3, 2, 11, 1, 70, 5, 1, 3, 1, 2, 0, 1, 1, 1}};
  for (const ConvShape& s : shapes) {
    const int64_t oh = (s.h + 2 * s.py - (s.kh - 1) * s.dy - 1) / s.sy + 1;
    const int64_t ow = (s.w + 2 * s.px - (s.kw - 1) * s.dx - 1) / s.sx + 1;
    Problem p;
    p.op = "Conv";
    p.anchor_inputs = 2;
    p.inputs = {Operand{{s.n, s.c, s.h, s.w}, {}, false},
                Operand{{s.o, s.c / s.group, s.kh, s.kw}, {}, true}};
    p.outputs = {Operand{{s.n, s.o, oh, ow}, {}, false}};
    p.attrs.set("strides", std::vector<int64_t>{s.sy, s.sx});
    p.attrs.set("pads", std::vector<int64_t>{s.py, s.px, s.py, s.px});
    p.attrs.set("dilations", std::vector<int64_t>{s.dy, s.dx});
    p.attrs.set("group", s.group);
    const Tensor x = normal({s.n, s.c, s.h, s.w}, 1),
                 w = normal({s.o, s.c / s.group, s.kh, s.kw}, 2);
    expect_values(ref(p.str(), {x, w})[0], conv_loops(s, x, w, oh, ow), 2e-5);
  }
}

TEST(Ref, ConvTransposeIsTheAdjointOfConv) {
  // <conv(x), y> = <x, conv_transpose(y)> for the same weights.
  const Tensor x = normal({1, 4, 9, 8}, 3), w = normal({6, 2, 3, 3}, 4),
               y = normal({1, 6, 5, 4}, 5);
  const char* attrs = "{group=2, pads=[1,1,1,1], strides=[2,2]";
  const Tensor cx = ref("Conv(f32[1,4,9,8], @f32[6,2,3,3]) " + std::string(attrs) +
                            "} -> f32[1,6,5,4] | compute=f32 acc=f32 anchor=2",
                        {x, w})[0];
  const Tensor ty =
      ref("ConvTranspose(f32[1,6,5,4], @f32[6,2,3,3]) {group=2, output_padding=[0,1], "
          "pads=[1,1,1,1], strides=[2,2]} -> f32[1,4,9,8] | compute=f32 acc=f32 anchor=2",
          {y, w})[0];
  double left = 0, right = 0;
  for (int64_t k = 0; k < y.count(); ++k) left += cx.at(k) * y.at(k);
  for (int64_t k = 0; k < x.count(); ++k) right += x.at(k) * ty.at(k);
  EXPECT_NEAR(left, right, 1e-4 * (1 + std::fabs(left)));
}

TEST(Ref, GemmTransposesAndScales) {
  const Tensor a = f32({3, 2}, {1, 2, 3, 4, 5, 6}), b = f32({2, 3}, {1, 0, 2, 0, 1, 3}),
               c = f32({2}, {10, 20});
  // op(a) = a^T (2x3), op(b) = b^T (3x2).
  const auto y =
      ref("Gemm(f32[3,2], f32[2,3], f32[2]) {alpha=0.5, beta=2, transA=1, transB=1} -> f32[2,2] | "
          "compute=f32 acc=f32 anchor=3",
          {a, b, c});
  expect_values(y[0], {0.5 * 11 + 20, 0.5 * 18 + 40, 0.5 * 14 + 20, 0.5 * 22 + 40});
}

TEST(Ref, MatMulBroadcastsBatches) {
  const auto y = ref("MatMul(f32[2,1,2], f32[2,3]) -> f32[2,1,3] | compute=f32 acc=f32 anchor=2",
                     {iota({2, 1, 2}), iota({2, 3})});
  expect_values(y[0], {3, 4, 5, 9, 14, 19});
}

TEST(Ref, MaxPoolOfCaffesCeilMode) {
  const auto y =
      ref("MaxPool(f32[1,1,4,4]) {ceil_mode=2, kernel=[3,3], strides=[2,2]} -> f32[1,1,2,2] | "
          "compute=f32 acc=f32 anchor=1",
          {iota({1, 1, 4, 4})});
  expect_values(y[0], {10, 11, 14, 15});
}

TEST(Ref, MaxPoolKeepsNegativesInPadding) {
  Tensor x = iota({1, 1, 2, 2});
  for (float& v : x.as_mutable<float>()) v -= 10;
  const auto y =
      ref("MaxPool(f32[1,1,2,2]) {kernel=[2,2], pads=[1,1,1,1], strides=[2,2]} -> f32[1,1,2,2] | "
          "compute=f32 acc=f32 anchor=1",
          {x});
  expect_values(y[0], {-10, -9, -8, -7});
}

TEST(Ref, AveragePoolDenominators) {
  const std::string tail =
      "kernel=[3,3], pads=[1,1,1,1], strides=[2,2]} -> f32[1,1,3,3] | compute=f32 acc=f32 anchor=1";
  const Tensor ones = f32({1, 1, 4, 4}, std::vector<double>(16, 1.0));
  // Windows start at -1, 1, 3: the last one ends at the padding's end, after 2 of its 3 taps.
  const auto counted =
      ref("AveragePool(f32[1,1,4,4]) {ceil_mode=1, count_include_pad=1, " + tail, {ones});
  expect_values(counted[0], {4 / 9., 6 / 9., 2 / 6., 6 / 9., 1, 3 / 6., 2 / 6., 3 / 6., 1 / 4.});
  const auto only =
      ref("AveragePool(f32[1,1,4,4]) {ceil_mode=1, count_include_pad=0, " + tail, {ones});
  expect_values(only[0], std::vector<double>(9, 1.0));
}

// Windows of any size cost no more than the input under them.
TEST(Ref, PoolingWindowsFarLargerThanTheInput) {
  const std::string rest =
      "kernel=[2000000001,2000000001], pads=[1000000000,1000000000,1000000000,1000000000], "
      "strides=[1,1]} -> f32[1,1,2,2] | compute=f32 acc=f32 anchor=1";
  const Tensor x = f32({1, 1, 2, 2}, {1, 2, 3, 4});
  const std::string average = "AveragePool(f32[1,1,2,2]) {count_include_pad=";
  expect_values(ref(average + "0, " + rest, {x})[0], {2.5, 2.5, 2.5, 2.5});
  const Tensor y = ref(average + "1, " + rest, {x})[0];
  EXPECT_NEAR(y.at(0), 10 / 4.000000004e18, 1e-24);
  expect_values(ref("MaxPool(f32[1,1,2,2]) {" + rest, {x})[0], {4, 4, 4, 4});
  if (const Row* onednn = find_row("onednn.pool")) {
    Problem p = Problem::parse(average + "0, " + rest);
    p.closed = true;
    EXPECT_FALSE(onednn->supports(p, open_device({"cpu", 0})->target()));
  }
}

TEST(Ref, LrnAcrossChannels) {
  const auto y =
      ref("LRN(f32[1,4,1,1]) {alpha=3, beta=0.5, bias=1, size=3} -> f32[1,4,1,1] | compute=f32 "
          "acc=f32 anchor=1",
          {f32({1, 4, 1, 1}, {1, 2, 3, 4})});
  expect_values(y[0],
                {1 / std::sqrt(6.), 2 / std::sqrt(15.), 3 / std::sqrt(30.), 4 / std::sqrt(26.)});
}

TEST(Ref, SoftmaxIsShiftedAndSumsToOne) {
  const auto y = ref("Softmax(f32[1,3]) {axis=1} -> f32[1,3] | compute=f32 acc=f32 anchor=1",
                     {f32({1, 3}, {1000, 1001, 1002})});
  const double e = std::exp(1.0), sum = 1 + e + e * e;
  expect_values(y[0], {1 / sum, e / sum, e * e / sum});
  const auto logs = ref("LogSoftmax(f32[1,3]) {axis=1} -> f32[1,3] | compute=f32 acc=f32 anchor=1",
                        {f32({1, 3}, {1000, 1001, 1002})});
  expect_values(logs[0], {-std::log(sum), 1 - std::log(sum), 2 - std::log(sum)}, 1e-5);
}

TEST(Ref, BatchNormalization) {
  const auto y =
      ref("BatchNormalization(f32[1,2,1,2], @f32[2], @f32[2], @f32[2], @f32[2]) {epsilon=0} -> "
          "f32[1,2,1,2] | compute=f32 acc=f32 anchor=5",
          {f32({1, 2, 1, 2}, {1, 2, 3, 4}), f32({2}, {2, 3}), f32({2}, {10, 20}), f32({2}, {1, 1}),
           f32({2}, {4, 0.25})});
  expect_values(y[0], {10, 11, 32, 38});
}

TEST(Ref, ArgMaxTakesTheFirstOrTheLast) {
  const auto y =
      ref("ArgMax(f32[2,3]) {axis=1, keepdims=0} -> i64[2] | compute=f32 acc=f32 anchor=1",
          {f32({2, 3}, {1, 5, 5, 7, 2, 7})});
  expect_values(y[0], {1, 0});
  const auto least =
      ref("ArgMin(f32[2,3]) {axis=0, keepdims=0} -> i64[3] | compute=f32 acc=f32 anchor=1",
          {f32({2, 3}, {1, 5, 5, 7, 2, 5})});
  expect_values(least[0], {0, 1, 0});
  const auto last = ref(
      "ArgMax(f32[2,3]) {axis=1, keepdims=0, select_last_index=1} -> i64[2] | compute=f32 acc=f32 "
      "anchor=1",
      {f32({2, 3}, {1, 5, 5, 7, 2, 7})});
  expect_values(last[0], {2, 2});
}

TEST(Ref, ReductionsOfInfinities) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const Tensor x = f32({4, 3}, {-kInfinity, -kInfinity, -kInfinity, kInfinity, 1, -kInfinity, 0, 0,
                                -kInfinity, 700, 700, 700});
  const auto along = [&](const std::string& op) {
    return ref(op + "(f32[4,3]) {axes=[1], keepdims=0} -> f32[4] | compute=f32 acc=f32 anchor=1",
               {x})[0];
  };
  const Tensor sum = along("ReduceLogSumExp"), most = along("ReduceMax"),
               least = along("ReduceMin");
  EXPECT_EQ(sum.at(0), -kInfinity);
  EXPECT_EQ(sum.at(1), kInfinity);
  EXPECT_NEAR(sum.at(2), std::log(2.0), 1e-6);
  EXPECT_NEAR(sum.at(3), 700 + std::log(3.0), 1e-4);
  expect_values(f32({3}, {most.at(2), most.at(3), least.at(3)}), {0, 700, 700});
  EXPECT_EQ(most.at(0), -kInfinity);
  EXPECT_EQ(most.at(1), kInfinity);
  EXPECT_EQ(least.at(1), -kInfinity);
}

TEST(Ref, NormalizationsHaveZeroMeanAndUnitVariance) {
  const Tensor x = normal({2, 3, 4, 5}, 6);
  const auto y =
      ref("InstanceNormalization(f32[2,3,4,5], @f32[3], @f32[3]) {epsilon=0} -> f32[2,3,4,5] | "
          "compute=f32 acc=f32 anchor=3",
          {x, f32({3}, {1, 2, 3}), f32({3}, {5, 6, 7})});
  for (int64_t plane = 0; plane < 6; ++plane) {
    double mean = 0, square = 0;
    for (int64_t k = 0; k < 20; ++k) mean += y[0].at(plane * 20 + k) / 20;
    for (int64_t k = 0; k < 20; ++k) square += std::pow(y[0].at(plane * 20 + k) - mean, 2) / 20;
    EXPECT_NEAR(mean, 5 + plane % 3, 1e-5);
    EXPECT_NEAR(std::sqrt(square), 1 + plane % 3, 1e-5);
  }
  const auto layer =
      ref("LayerNormalization(f32[1,2], @f32[2], @f32[2]) {axis=-1, epsilon=0} -> f32[1,2] | "
          "compute=f32 acc=f32 anchor=3",
          {f32({1, 2}, {3, 7}), f32({2}, {2, 2}), f32({2}, {0, 1})});
  expect_values(layer[0], {-2, 3});
}

TEST(Ref, EveryFormatHoldsTheSame) {
  const Tensor x = normal({2, 5, 3, 4}, 7);
  std::vector<double> want;
  for (int64_t k = 0; k < x.count(); ++k) want.push_back(std::max(0.0, x.at(k)));
  for (const char* in : {"", ":cl", ":cl/pad8", ":c4", ":c8"})
    for (const char* out : {"", ":cl", ":cl/pad4", ":c16", ":linear@9", ":cl@7"}) {
      const auto y =
          ref("Pointwise(f32[2,5,3,4]" + std::string(in) + ") out0=relu(in0) -> f32[2,5,3,4]" +
                  out + " | compute=f32 acc=f32 anchor=0",
              {x});
      expect_values(y[0], want);
    }
}

TEST(Ref, RoundsAtStores) {
  const Tensor x = f32({4}, {0.1, 300, -5, 2.5});
  const auto half =
      ref("Pointwise(f32[4]) out0:f16=in0 -> f16[4] | compute=f32 acc=f32 anchor=0", {x});
  EXPECT_EQ(half[0].at(0), round_to(DType::kF16, static_cast<double>(0.1f)));
  const auto bytes =
      ref("Pointwise(f32[4]) out0:u8=in0 -> u8[4] | compute=f32 acc=f32 anchor=0", {x});
  expect_values(bytes[0], {0, 255, 0, 2});
}

TEST(Ref, ThreadsDoNotChangeABit) {
  const std::string text =
      "Conv(f32[2,19,17,13], @f32[33,19,3,3], @f32[33,1,1], f32[2,33,17,13]) {pads=[1,1,1,1]} "
      "out0=relu(add(add(acc,in2),in3)) -> f32[2,33,17,13] | compute=f32 acc=f32 anchor=2";
  const std::vector<Tensor> inputs = {normal({2, 19, 17, 13}, 1), normal({33, 19, 3, 3}, 2),
                                      normal({33, 1, 1}, 3), normal({2, 33, 17, 13}, 4)};
  const Tensor one = ref(text, inputs, 1)[0];
  for (int threads : {2, 3, 7}) {
    const Tensor many = ref(text, inputs, threads)[0];
    EXPECT_EQ(std::memcmp(one.data(), many.data(), static_cast<size_t>(one.bytes())), 0) << threads;
  }
}

TEST(Ref, RefusalsNameTheReason) {
  const Target target = open_device({"cpu", 0})->target();
  Problem p =
      Problem::parse("Softmax(f32[1,3]) {axis=1} -> f32[1,3] | compute=f32 acc=f32 anchor=1");
  p.attrs.set("axis", int64_t{5});
  const Verdict v = find_row("ref.Softmax")->supports(p, target);
  EXPECT_FALSE(v);
  EXPECT_NE(v.reason.find("axis"), std::string::npos);
  EXPECT_FALSE(find_row("ref.Softmax")->supports(p, Target::parse("cuda:h200")));
}

}  // namespace
}  // namespace tenfold::test
