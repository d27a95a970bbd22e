// A small convolutional network under construction, for tests of select.
#pragma once

#include <cmath>

#include "tenfold/engine.h"
#include "tests/support/random_tensor_support.h"

namespace tenfold::test {

struct Net {
  GraphBuilder b{"net"};
  uint64_t seed = 3;
  ValueId x;  // f32[N, channels, 6, 7]
  explicit Net(int64_t channels) {
    x = b.input("x", DType::kF32, {Dim::symbol("N"), channels, 6, 7});
    b.symbol({"N", 1, 64, 1, false});
  }
  // Random weights, padded so that a stride of 1 keeps the size.
  ValueId conv(ValueId in, int64_t filters, int64_t kernel, const std::string& name,
               bool bias = false) {
    const int64_t channels = b.type(in).shape[1].value();
    std::vector<ValueId> inputs{
        in,
        b.constant(name + ".w", random_tensor(DType::kF32, {filters, channels, kernel, kernel},
                                              ++seed, 1 / std::sqrt(channels * kernel * kernel)))};
    if (bias)
      inputs.push_back(b.constant(name + ".b", random_tensor(DType::kF32, {filters}, ++seed)));
    return b.node("Conv", inputs, {{"pads", std::vector<int64_t>(4, kernel / 2)}}, name,
                  {"layer " + name});
  }
  ValueId relu(ValueId in, const std::string& name) { return b.node("Relu", {in}, {}, name); }
  ValueId join(std::vector<ValueId> in, int64_t axis = 1) {
    return b.node("Concat", in, {{"axis", axis}}, "joined");
  }
  Graph done(ValueId out) {
    b.output(out, "y");
    return b.finish();
  }
};

}  // namespace tenfold::test
