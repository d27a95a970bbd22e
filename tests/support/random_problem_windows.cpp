// Contractions, pooling and normalization.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "tests/support/random_problem.h"

namespace tenfold::test {

std::string RandomProblem::epilogue(Texts& inputs, const Type& y) {
  std::string each = "@f32[" + y.shape[1].str();
  for (size_t k = 2; k < y.shape.size(); ++k) each += ",1";
  each += "]";
  std::string value = "acc";
  const auto operand = [&](const std::string& type) {
    inputs.push_back(type);
    return fmt::format("in{}", inputs.size() - 1);
  };
  if (pick(0, 3) == 0) value = fmt::format("mul({},{})", value, operand(each));
  if (pick(0, 3)) value = fmt::format("add({},{})", value, operand(each));
  if (pick(0, 2) == 0) value = fmt::format("add({},{})", value, operand(y.str()));
  if (pick(0, 3) == 0)
    value = fmt::format("{}({},{})", one_of(Texts{"add", "mul", "sub", "max"}), value,
                        operand(broadcast(y)));
  switch (pick(0, 9)) {
    case 0: return fmt::format("sigmoid({})", value);
    case 1: return fmt::format("clip({}, 0, 6)", value);
    case 2: return fmt::format("tanh({})", value);
    case 3: return value;
    case 4: return fmt::format("elu({}, 0.5)", value);
    case 5: return fmt::format("leakyrelu({}, 0.1)", value);
    case 6: return fmt::format("prelu({},{})", value, operand(each));
    default: return fmt::format("relu({})", value);
  }
}

Problem RandomProblem::contraction(const std::string& op, Texts inputs, const std::string& attrs) {
  Problem p = of(op, inputs, attrs);
  const Type y{ValueKind::kTensor, DType::kF32, p.outputs[0].dims};
  if (y.shape.size() < 2 || pick(0, 5) == 0) return p;
  const auto anchor = inputs.size();
  const std::string expr = epilogue(inputs, y);
  return made(op, inputs, p.attrs.str(), expr == "acc" ? "" : "out0=" + expr, {y.str()}, anchor);
}

Problem RandomProblem::gemm() {
  const int64_t in = channels(), out = channels();
  const bool across = pick(0, 2) != 0;
  const std::string w =
      across ? fmt::format("f32[{},{}]", out, in) : fmt::format("f32[{},{}]", in, out);
  return contraction("Gemm", {fmt::format("f32[N,{}]", in), (pick(0, 4) ? "@" : "") + w},
                     across ? "transB=1" : "");
}

Problem RandomProblem::matmul() {
  const int64_t m = pick(1, 40), k = pick(0, 1) ? channels() : pick(1, 70), n = pick(1, 80);
  const std::string lead = one_of(Texts{"N", "N", "N,3", "N,1,2"});
  Texts inputs{fmt::format("f32[{},{},{}]", lead, m, k)};
  switch (pick(0, 3)) {
    case 0: inputs.push_back(fmt::format("@f32[{},{}]", k, n)); break;
    case 1: inputs.push_back(fmt::format("f32[{},{}]", k, n)); break;
    default: inputs.push_back(fmt::format("f32[{},{},{}]", lead, k, n));
  }
  return contraction("MatMul", inputs, "");
}

Problem RandomProblem::convolution(bool transposed) {
  for (;;) {
    const size_t spatial = static_cast<size_t>(one_of(Ints{2, 2, 2, 2, 2, 2, 1, 3}));
    const bool square = pick(0, 3) != 0;  // the same along both axes, as networks have it
    const bool depthwise = pick(0, 4) == 0;
    const int64_t group = depthwise ? channels() : one_of(Ints{1, 1, 1, 1, 1, 2, 3, 4, 32});
    const int64_t in = depthwise ? group : channels();
    const int64_t out = depthwise ? group * one_of(Ints{1, 1, 1, 2, 3}) : channels();
    if (in % group != 0 || out % group != 0) continue;
    const Ints kernels{1, 1, 2, 3, 3, 4, 5, 7};
    Ints kernel(spatial), stride(spatial), dilation(spatial, 1), pads(2 * spatial), x(spatial),
        extra(spatial, 0);
    const int64_t k0 = one_of(kernels), s0 = pick(1, 3), d0 = pick(0, 5) ? 1 : pick(2, 3);
    const int64_t p0 = pick(0, k0 / 2);
    bool fits = true;
    int64_t points = 1, taps = 1;
    for (size_t d = 0; d < spatial; ++d) {
      kernel[d] = square ? k0 : one_of(kernels);
      stride[d] = square ? s0 : pick(1, 3);
      dilation[d] = square ? d0 : pick(0, 3) ? 1 : pick(2, 3);
      pads[d] = square ? p0 : pick(0, kernel[d] - 1);
      pads[spatial + d] = square ? p0 : pick(0, kernel[d] - 1);
      x[d] = pick(1, spatial == 3 ? 6 : 12);
      if (transposed && stride[d] > 1 && pick(0, 3) == 0) extra[d] = pick(0, stride[d] - 1);
      const int64_t reach = (kernel[d] - 1) * dilation[d] + 1, pad = pads[d] + pads[spatial + d];
      const int64_t room = x[d] + pad - reach;
      const int64_t y = transposed ? (x[d] - 1) * stride[d] + reach + extra[d] - pad
                                   : (room < 0 ? 0 : room / stride[d] + 1);
      fits = fits && y >= 1;
      points *= transposed ? x[d] : y;
      taps *= kernel[d];
    }
    // What the reference computes in hundredths of a second.
    if (!fits || points * taps * in * (out / group) > 5'000'000) continue;
    std::string attrs =
        fmt::format("group={}, pads=[{}], strides=[{}], dilations=[{}]", group,
                    fmt::join(pads, ","), fmt::join(stride, ","), fmt::join(dilation, ","));
    if (std::any_of(extra.begin(), extra.end(), [](int64_t e) { return e > 0; }))
      attrs += fmt::format(", output_padding=[{}]", fmt::join(extra, ","));
    const int64_t first = transposed ? in : out, second = transposed ? out / group : in / group;
    return contraction(transposed ? "ConvTranspose" : "Conv",
                       {fmt::format("f32[N,{},{}]", in, fmt::join(x, ",")),
                        fmt::format("@f32[{},{},{}]", first, second, fmt::join(kernel, ","))},
                       attrs);
  }
}

Problem RandomProblem::pool() {
  for (;;) {
    const size_t spatial = static_cast<size_t>(one_of(Ints{2, 2, 2, 2, 1, 3}));
    const bool square = pick(0, 2) != 0, average = pick(0, 1) == 0;
    const int64_t mode = pick(0, 2);
    Ints kernel(spatial), stride(spatial), pads(2 * spatial), x(spatial);
    const int64_t k0 = pick(1, 5), s0 = pick(1, 3), p0 = pick(0, k0 / 2);
    bool fits = true;
    int64_t count = 1;
    for (size_t d = 0; d < spatial; ++d) {
      kernel[d] = square ? k0 : pick(1, 5);
      stride[d] = square ? s0 : pick(1, 3);
      pads[d] = square ? p0 : pick(0, kernel[d] / 2);
      pads[spatial + d] = square ? p0 : pick(0, kernel[d] / 2);
      x[d] = pick(1, spatial == 3 ? 8 : 14);
      count *= x[d];
      // A window without any input has no largest value, nor a mean.
      const int64_t room = x[d] + pads[d] + pads[spatial + d] - kernel[d];
      const int64_t y = (mode == 0 ? room : room + stride[d] - 1) / stride[d] + 1;
      fits = fits && room >= 0 && (mode == 1 || (y - 1) * stride[d] - pads[d] < x[d]);
    }
    const int64_t c = channels();
    if (!fits || c * count > 30'000) continue;
    const std::string attrs =
        fmt::format("ceil_mode={}, {}kernel=[{}], pads=[{}], strides=[{}]", mode,
                    average && pick(0, 1) ? "count_include_pad=1, " : "", fmt::join(kernel, ","),
                    fmt::join(pads, ","), fmt::join(stride, ","));
    const Texts inputs{fmt::format("f32[N,{},{}]", c, fmt::join(x, ","))};
    const std::string op = average ? "AveragePool" : "MaxPool";
    if (pick(0, 1)) return of(op, inputs, attrs);
    return contraction(op, inputs, attrs);
  }
}

Problem RandomProblem::normalization() {
  const int64_t c = channels();
  const std::string image = fmt::format("f32[N,{},{},{}]", c, pick(1, 9), pick(1, 9));
  const std::string each = fmt::format("@f32[{}]", c);
  const bool fused = pick(0, 2) == 0;
  switch (pick(0, 7)) {
    case 0:
      return of(
          "LRN", {image},
          fmt::format("alpha=0.01, beta={}, bias=1, size={}", one_of(Texts{"0.75", "0.5", "1.3"}),
                      pick(0, 3) ? 2 * pick(0, 3) + 1 : pick(1, 30)),
          1, fused);
    case 1:
      return of("LRN", {image},
                fmt::format("alpha=0.3, beta=0.75, bias=1, region=\"within\", size={}", pick(1, 5)),
                1, fused);
    case 2:
      return of("BatchNormalization", {image, each, each, each, each}, "epsilon=0.001", 1, fused);
    case 3:
      return of("InstanceNormalization",
                {fmt::format("f32[N,{},{},{}]", c, pick(3, 9), pick(3, 9)), each, each},
                "epsilon=0.001", 1, fused);
    case 4: {
      const int64_t last = pick(0, 1) ? std::max<int64_t>(c, 3) : pick(3, 70);
      const int64_t middle = pick(1, 9);
      if (pick(0, 1))
        return of("LayerNormalization",
                  {fmt::format("f32[N,{},{}]", middle, last), fmt::format("@f32[{}]", last),
                   fmt::format("@f32[{}]", last)},
                  "axis=-1, epsilon=0.001", 1, fused);
      return of(
          "LayerNormalization",
          {fmt::format("f32[N,{},{}]", middle, last), fmt::format("@f32[{},{}]", middle, last)},
          "axis=1, epsilon=0.001", 1, fused);
    }
    default: {
      const size_t rank = static_cast<size_t>(pick(2, 5));
      const std::string x = pick(0, 1) ? fmt::format("f32[N,{}]", c) : tensor(rank);
      const int64_t axes = static_cast<int64_t>(Type::parse(x).shape.size());
      const std::string op = pick(0, 2) ? "Softmax" : "LogSoftmax";
      const std::string attrs = fmt::format("axis={}", pick(0, 2) ? 1 : pick(1, axes - 1));
      return pick(0, 1) ? contraction(op, {x}, attrs) : of(op, {x}, attrs, 1, fused);
    }
  }
}

}  // namespace tenfold::test
