// Contractions, pooling, softmax and LRN of random sizes, many channels among them, with random
// expressions: libraries choose other kernels for them than for the sizes that people write into
// cases.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tenfold::test {

// A Problem as text, another each time.
class RandomProblem {
  using Ints = std::vector<int64_t>;

 public:
  explicit RandomProblem(uint64_t seed) : rng_(seed) {}

  std::string text() {
    switch (pick(0, 6)) {
      case 0: return gemm();
      case 1: return convolution(true);
      case 2: return pool();
      case 3: return normalization();
      default: return convolution(false);
    }
  }

 private:
  int64_t pick(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(rng_);
  }
  int64_t one_of(const Ints& list) {
    return list[static_cast<size_t>(pick(0, static_cast<int64_t>(list.size()) - 1))];
  }
  int64_t channels() {
    return one_of({1, 3, 8, 16, 17, 24, 32, 48, 64, 96, 128, 160, 192, 255, 256, 320, 512, 1024});
  }

  // An expression over the result of `y`, which has `count` channels along axis 1; its operands are
  // appended to `operands`.
  std::string expression(std::string& operands, const std::string& y, int64_t count, bool spatial,
                         int next = 2) {
    const std::string each =
        fmt::format(fmt::runtime(spatial ? ", @f32[{},1,1]" : ", @f32[{}]"), count);
    std::string value = "acc";
    const auto operand = [&](const std::string& type) {
      operands += type;
      return fmt::format("in{}", next++);
    };
    if (pick(0, 3) == 0) value = fmt::format("mul({},{})", value, operand(each));
    if (pick(0, 3)) value = fmt::format("add({},{})", value, operand(each));
    if (pick(0, 2) == 0) value = fmt::format("add({},{})", value, operand(", " + y));
    switch (pick(0, 8)) {
      case 0: value = fmt::format("sigmoid({})", value); break;
      case 1: value = fmt::format("clip({}, 0, 6)", value); break;
      case 2: value = fmt::format("tanh({})", value); break;
      case 3: break;
      case 4: value = fmt::format("elu({}, 0.5)", value); break;
      case 5: value = fmt::format("leakyrelu({}, 0.1)", value); break;
      default: value = fmt::format("relu({})", value);
    }
    return value == "acc" ? "" : " out0=" + value;
  }

  static std::string finish(const std::string& head, const std::string& attrs,
                            const std::string& expression, const std::string& y, int anchor = 2) {
    return head + ")" + (attrs.empty() ? "" : " {" + attrs + "}") + expression + " -> " + y +
           fmt::format(" | compute=f32 acc=f32 anchor={} | N in 0..64 at 1", anchor);
  }

  std::string gemm() {
    const int64_t in = channels(), out = channels();
    const std::string y = fmt::format("f32[N,{}]", out);
    std::string head = fmt::format("Gemm(f32[N,{}], @f32[{},{}]", in, out, in);
    const std::string e = expression(head, y, out, false);
    return finish(head, "transB=1", e, y);
  }

  // What the reference computes in hundredths of a second.
  static bool too_large(int64_t products) { return products > 5'000'000; }

  std::string convolution(bool transposed) {
    for (;;) {
      const bool depthwise = pick(0, 4) == 0;
      const int64_t group = depthwise ? channels() : pick(0, 4) == 0 ? 2 : 1;
      const int64_t in = depthwise ? group : channels(), out = depthwise ? group : channels();
      if (in % group != 0 || out % group != 0) continue;
      const int64_t k = one_of({1, 1, 2, 3, 3, 4, 5, 7}), stride = pick(1, 3);
      const int64_t pad = pick(0, k / 2), h = pick(1, 12), w = pick(1, 12);
      const auto extent = [&](int64_t x) {
        return transposed ? (x - 1) * stride + k - 2 * pad
                          : (x + 2 * pad < k ? 0 : (x + 2 * pad - k) / stride + 1);
      };
      const int64_t oh = extent(h), ow = extent(w);
      const int64_t points = transposed ? h * w : oh * ow;
      if (oh < 1 || ow < 1 || too_large(points * k * k * in * (out / group))) continue;
      const std::string y = fmt::format("f32[N,{},{},{}]", out, oh, ow);
      std::string head = transposed
                             ? fmt::format("ConvTranspose(f32[N,{},{},{}], @f32[{},{},{},{}]", in,
                                           h, w, in, out / group, k, k)
                             : fmt::format("Conv(f32[N,{},{},{}], @f32[{},{},{},{}]", in, h, w, out,
                                           in / group, k, k);
      const std::string e = expression(head, y, out, true);
      return finish(head,
                    fmt::format("group={}, pads=[{}], strides=[{},{}]", group,
                                fmt::join(Ints(4, pad), ","), stride, stride),
                    e, y);
    }
  }

  std::string pool() {
    const int64_t c = channels(), k = pick(1, 5), stride = pick(1, 3), pad = pick(0, k / 2);
    const int64_t mode = pick(0, 2), h = pick(k, 14), w = pick(k, 14);
    const auto extent = [&](int64_t x) {
      const int64_t room = x + 2 * pad - k;
      const int64_t out = (mode == 0 ? room / stride : (room + stride - 1) / stride) + 1;
      return mode == 1 ? std::min(out, (x + pad + stride - 1) / stride) : out;
    };
    // A window without any input has no largest value.
    if (mode == 2 && ((extent(h) - 1) * stride - pad >= h || (extent(w) - 1) * stride - pad >= w))
      return pool();
    const std::string y = fmt::format("f32[N,{},{},{}]", c, extent(h), extent(w));
    const bool average = pick(0, 1) == 0;
    std::string head =
        fmt::format("{}(f32[N,{},{},{}]", average ? "AveragePool" : "MaxPool", c, h, w);
    const std::string e = pick(0, 2) == 0 ? expression(head, y, c, true, 1) : "";
    return finish(head,
                  fmt::format("ceil_mode={}, {}kernel=[{},{}], pads=[{}], strides=[{},{}]", mode,
                              average && pick(0, 1) ? "count_include_pad=1, " : "", k, k,
                              fmt::join(Ints(4, pad), ","), stride, stride),
                  e, y, 1);
  }

  std::string normalization() {
    const int64_t c = channels();
    const bool spatial = pick(0, 1) == 0;
    const std::string x = spatial ? fmt::format("f32[N,{},{},{}]", c, pick(1, 9), pick(1, 9))
                                  : fmt::format("f32[N,{}]", c);
    if (spatial && pick(0, 1))
      return finish("LRN(" + x,
                    fmt::format("alpha=0.01, beta=0.75, bias=1, size={}", 2 * pick(0, 3) + 1), "",
                    x, 1);
    return finish((pick(0, 2) ? "Softmax(" : "LogSoftmax(") + x, "axis=1", "", x, 1);
  }

  std::mt19937_64 rng_;
};

}  // namespace tenfold::test
