// Random graphs of convolutional networks and an input for them, for tests that compare two ways of
// computing them.
#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tenfold/compile.h"
#include "tenfold/engine.h"
#include "tenfold/graph.h"

namespace tenfold::test {

using Ints = std::vector<int64_t>;

// Grows a graph layer by layer. Every value is f32 and of rank 4 until flattened. `movement`: among
// the layers are many that only move data, and among the outputs what they make.
class RandomGraph {
 public:
  explicit RandomGraph(uint64_t seed, bool movement = false)
      : rng_(seed), b_("random"), movement_(movement) {}

  Graph build() {
    // Now and then as many channels as fill vectors and blocks.
    if (pick(0, 3) == 0) widest_ = 24;
    const int64_t c = pick(1, widest_), h = pick(4, 9), w = pick(4, 9);
    values_.push_back(b_.input("x", DType::kF32, {Dim::symbol("N"), c, h, w}));
    const int64_t layers = pick(3, 14);
    for (int64_t k = 0; k < layers; ++k) layer();
    b_.output(values_.back(), "y");
    if (pick(0, 2) == 0 && values_[values_.size() / 2] != values_.back() && values_.size() > 3)
      b_.output(values_[values_.size() / 2], "z");
    if (movement_) outputs();
    if (pick(0, 1)) tail();
    return b_.finish();
  }

  Tensor random(const Extents& dims, double mean = 0, double deviation = 1) {
    Tensor t(DType::kF32, dims);
    std::normal_distribution<float> normal(static_cast<float>(mean), static_cast<float>(deviation));
    for (float& v : t.as_mutable<float>()) v = normal(rng_);
    return t;
  }

  int64_t pick(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(rng_);
  }

 private:
  ValueId any() {  // mostly the latest value
    if (pick(0, 3)) return values_.back();
    return values_[static_cast<size_t>(pick(0, static_cast<int64_t>(values_.size()) - 1))];
  }
  // Now and then as the sum of two constants.
  ValueId constant(const Tensor& t) {
    if (t.dtype() != DType::kF32 || pick(0, 5) != 0) return b_.constant("", t);
    Tensor half = t.cast(t.dtype());
    for (float& v : half.as_mutable<float>()) v *= 0.5F;
    return b_.node("Add", {b_.constant("", half), b_.constant("", half)});
  }
  ValueId positive(int64_t n) {
    Tensor t = random({n});
    for (float& v : t.as_mutable<float>()) v = 0.5F + std::abs(v);
    return constant(t);
  }
  Extents channel_dims(int64_t c) {
    const Extents forms[] = {{c, 1, 1}, {1, c, 1, 1}, {1}, {}};
    return forms[pick(0, 3)];
  }

  void outputs() {
    for (size_t k = 1; k + 1 < values_.size(); ++k)
      if (k != values_.size() / 2 && pick(0, 2) == 0)
        b_.output(values_[k], "value" + std::to_string(k));
  }

  // A layer that moves data; most of them are views in one layout or another.
  void moved(ValueId x) {
    const Shape shape = b_.type(x).shape;
    const int64_t c = shape[1].value(), h = shape[2].value(), w = shape[3].value();
    switch (pick(0, 6)) {
      case 0:
      case 1: {
        Ints perm{1, 2, 3};
        std::shuffle(perm.begin(), perm.end(), rng_);
        perm.insert(perm.begin(), 0);
        return values_.push_back(b_.node("Transpose", {x}, {{"perm", perm}}));
      }
      case 2: {
        const int64_t axis = pick(1, 3), extent = shape[static_cast<size_t>(axis)].value();
        const int64_t start = pick(0, extent - 1);
        return values_.push_back(b_.node("Slice", {x},
                                         {{"axes", Ints{axis}},
                                          {"starts", Ints{start}},
                                          {"ends", Ints{pick(start + 1, extent)}}}));
      }
      case 3: {
        if (c < 2) break;
        const int64_t first = pick(1, c - 1);
        const auto parts =
            b_.nodes("Split", {x}, 2, {{"axis", int64_t{1}}, {"split", Ints{first, c - first}}});
        values_.insert(values_.end(), parts.begin(), parts.end());
        return;
      }
      case 4: return values_.push_back(concat(x));
      case 5: {
        if (c * h * w > 4000) break;
        return values_.push_back(b_.node("Tile", {x}, {{"repeats", Ints{1, 1, pick(1, 2), 2}}}));
      }
      default: {
        Ints dims{c, h, w};
        std::shuffle(dims.begin(), dims.end(), rng_);
        dims.insert(dims.begin(), -1);
        return values_.push_back(b_.node("Reshape", {x}, {{"shape", dims}}));
      }
    }
    values_.push_back(b_.node("Relu", {x}));
  }

  // Of values that agree but for one axis, each perhaps as it is and perhaps computed for it.
  ValueId concat(ValueId x) {
    const int64_t axis = pick(1, 3);
    std::vector<ValueId> parts{x};
    for (const ValueId v : values_) {
      Shape other = b_.type(v).shape;
      other[static_cast<size_t>(axis)] = b_.type(x).shape[static_cast<size_t>(axis)];
      if (other == b_.type(x).shape && parts.size() < 4 && pick(0, 1))
        parts.push_back(pick(0, 1) ? v : b_.node("Sigmoid", {v}));
    }
    if (parts.size() == 1) parts.push_back(b_.node("Relu", {x}));
    return b_.node("Concat", parts, {{"axis", axis}});
  }

  void layer() {
    const ValueId x = any();
    if (movement_ && pick(0, 1)) return moved(x);
    const Shape shape = b_.type(x).shape;
    const int64_t c = shape[1].value(), h = shape[2].value(), w = shape[3].value();
    ValueId y;
    switch (pick(0, 21)) {
      case 0:
      case 1:
      case 2: y = conv(x, c, h, w); break;
      case 3:
        y = b_.node(
            "BatchNormalization",
            {x, constant(random({c})), constant(random({c})), constant(random({c})), positive(c)},
            {{"epsilon", 1e-3}});
        break;
      case 4: y = b_.node("Mul", {x, constant(random(channel_dims(c), 1, 0.3))}); break;
      case 5: y = b_.node("Add", {constant(random(channel_dims(c))), x}); break;
      case 6: y = b_.node("Sub", {constant(random(channel_dims(c))), x}); break;
      case 7: y = b_.node(pick(0, 1) ? "Relu" : "Neg", {x}); break;
      case 8: y = pool(x, h, w); break;
      case 9:
        y = c > 100 ? b_.node("Relu", {x}) : b_.node("Concat", {x, x}, {{"axis", int64_t{-3}}});
        break;
      case 10: y = eltwise(x); break;
      case 11: y = reshape(x, c, h, w); break;
      case 12: y = b_.node("Identity", {b_.node("Relu6", {x})}); break;
      case 13: y = padded(x, c, h, w); break;
      case 14: y = up(x, c, h, w); break;
      case 15: y = b_.node("Div", {x, positive(1)}); break;
      case 21: y = b_.node("Mul", {b_.node("Sigmoid", {x}), b_.node("Sigmoid", {x})}); break;
      default: y = rare(x, c, h, w); break;
    }
    values_.push_back(y);
  }

  // Small values: what follows makes absolute errors of relative ones.
  ValueId bounded(ValueId x) {
    return pick(0, 1) ? b_.node("Tanh", {x}) : b_.node("Clip", {x}, {{"min", -3.0}, {"max", 3.0}});
  }

  // What stands once in a network, if at all.
  ValueId rare(ValueId x, int64_t c, int64_t h, int64_t w) {
    switch (pick(0, 9)) {
      case 0: return b_.node("LRN", {x}, {{"size", 2 * pick(0, 2) + 1}, {"alpha", 0.1}});
      case 1:
        return b_.node(pick(0, 1) ? "Softmax" : "LogSoftmax", {bounded(x)}, {{"axis", pick(1, 3)}});
      case 2:
        if (c * h * w > 4000) break;
        return b_.node("Resize", {x},
                       {{"sizes", Ints{pick(1, 2 * h), pick(1, 2 * w)}},
                        {"mode", std::string(pick(0, 1) ? "linear" : "nearest")}});
      case 3: {  // squeeze and excite
        const ValueId squeezed = b_.node("GlobalAveragePool", {x});
        return b_.node("Mul", {x, b_.node("Sigmoid", {conv(squeezed, c, 1, 1, c)})});
      }
      case 4:
        if (c % 4) break;
        return b_.node("DepthToSpace", {x}, {{"blocksize", int64_t{2}}});
      case 5:
        return b_.node("InstanceNormalization", {bounded(x), positive(c), constant(random({c}))},
                       {{"epsilon", 0.01}});
      case 6: return b_.node("PRelu", {x, constant(random({c, 1, 1}))});
      case 7: {
        const ValueId small = bounded(x),
                      mean = b_.node("ReduceMean", {small},
                                     {{"axes", Ints{pick(1, 3)}}, {"keepdims", int64_t{1}}});
        return b_.node("Sub", {small, mean});
      }
      case 8: {
        Ints order(static_cast<size_t>(pick(1, c)));
        for (int64_t& k : order) k = pick(0, c - 1);
        Tensor indices(DType::kI64, {static_cast<int64_t>(order.size())});
        std::copy(order.begin(), order.end(), indices.as_mutable<int64_t>().begin());
        return b_.node("Gather", {x, constant(indices)}, {{"axis", int64_t{1}}});
      }
      default: break;
    }
    const char* const ops[] = {"Tanh", "Elu", "Sigmoid", "Softplus"};
    return b_.node(ops[pick(0, 3)], {x});
  }

  ValueId conv(ValueId x, int64_t c, int64_t h, int64_t w, int64_t outputs = 0) {
    const int64_t group = c % 2 == 0 && pick(0, 1) ? 2 : 1;
    const int64_t m = outputs ? outputs : group * pick(1, widest_),
                  k = pick(1, std::min<int64_t>({3, h, w})), pad = outputs ? 0 : pick(0, 1);
    const double deviation = 1 / std::sqrt(static_cast<double>(c / group * k * k));
    std::vector<ValueId> inputs{x, constant(random({m, c / group, k, k}, 0, deviation))};
    if (pick(0, 1)) inputs.push_back(constant(random({m})));
    return b_.node("Conv", inputs,
                   {{"pads", Ints(4, pad)}, {"strides", Ints(2, pick(1, 2))}, {"group", group}});
  }

  ValueId up(ValueId x, int64_t c, int64_t h, int64_t w) {
    if (h * w > 200) return b_.node("Relu", {x});
    const int64_t group = c % 2 == 0 && pick(0, 1) ? 2 : 1, m = pick(1, widest_ - 1);
    const double deviation = 1 / std::sqrt(static_cast<double>(c / group));
    std::vector<ValueId> inputs{x, constant(random({c, m, 2, 2}, 0, deviation))};
    if (pick(0, 1)) inputs.push_back(constant(random({m * group})));
    return b_.node("ConvTranspose", inputs, {{"strides", Ints{2, 2}}, {"group", group}});
  }

  ValueId pool(ValueId x, int64_t h, int64_t w) {
    Attrs attrs;
    const bool global = pick(0, 3) == 0;
    const int64_t k = pick(1, std::min<int64_t>({3, h, w}));
    attrs.set("kernel", global ? Ints{h, w} : Ints{k, k});
    const int64_t stride = pick(1, 2);
    const bool pads = k > 1 && !global && pick(0, 1) != 0;
    attrs.set("strides", Ints(2, stride));
    if (pads) attrs.set("pads", Ints{1, 0, pick(0, 1), 1});
    // Without the clip a window could lie outside of everything: a maximum of nothing.
    attrs.set("ceil_mode", pick(0, pads || stride > k ? 1 : 2));
    if (pick(0, 1)) return b_.node("MaxPool", {x}, attrs);
    attrs.set("count_include_pad", pick(0, 1));
    return b_.node("AveragePool", {x}, attrs);
  }

  ValueId eltwise(ValueId x) {
    const ValueId r = b_.node("Relu", {x});
    const char* const ops[] = {"Sum", "Max", "Min"};
    return b_.node(ops[pick(0, 2)], {r, x, b_.node("Sigmoid", {x})});
  }

  ValueId reshape(ValueId x, int64_t c, int64_t h, int64_t w) {
    const ValueId flat = b_.node("Flatten", {x}, {{"axis", int64_t{2}}});
    const ValueId back = b_.node("Reshape", {flat}, {{"shape", Ints{-1, c, h, w}}});
    return b_.node("Transpose", {b_.node("Transpose", {back}, {{"perm", Ints{0, 1, 3, 2}}})},
                   {{"perm", Ints{0, 1, 3, 2}}});
  }

  ValueId padded(ValueId x, int64_t c, int64_t h, int64_t w) {
    const ValueId p = b_.node("Pad", {x}, {{"pads", Ints{0, 0, 1, 0, 0, 0, 1, 1}}});
    return pick(0, 1)
               ? conv(p, c, h + 2, w + 1)
               : b_.node("AveragePool", {p}, {{"kernel", Ints{2, 2}}, {"strides", Ints{2, 2}}});
  }

  void tail() {
    const ValueId pooled =
        b_.node("ReduceMean", {values_.back()}, {{"axes", Ints{2, 3}}, {"keepdims", pick(0, 1)}});
    const ValueId flat = b_.node("Flatten", {pooled});
    const int64_t c = b_.type(flat).shape[1].value(), m = pick(1, 2 * widest_);
    ValueId y;
    if (pick(0, 1)) {
      y = b_.node("Gemm", {flat, constant(random({c, m})), constant(random({1, m}))},
                  {{"alpha", 0.5}, {"beta", 2.0}});
    } else {
      y = b_.node("Add",
                  {b_.node("MatMul", {flat, constant(random({c, m}))}), constant(random({m}))});
    }
    y = b_.node("Mul", {y, constant(random({m}))});
    b_.output(b_.node("Softmax", {bounded(y)}), "tail");
  }

  std::mt19937_64 rng_;
  GraphBuilder b_;
  bool movement_;
  int64_t widest_ = 4;
  std::vector<ValueId> values_;
};

inline double largest(const Tensor& t) {
  double m = 0;
  for (int64_t k = 0; k < t.count(); ++k) m = std::max(m, std::abs(t.at(k)));
  return m;
}

inline void expect_near(const Tensor& got, const Tensor& want, const std::string& what) {
  ASSERT_EQ(got.dims(), want.dims()) << what;
  // Errors of a deep graph are relative to what flows through it.
  const double bound = 1e-5 * std::max(1.0, largest(want));
  for (int64_t k = 0; k < want.count(); ++k)
    ASSERT_NEAR(got.at(k), want.at(k), bound + 1e-5 * std::abs(want.at(k))) << what << " at " << k;
}

// Of a graph whose values are stored as f16: what is at its place differs by little on the whole,
// and by no more than half of the largest anywhere.
inline void expect_near_in_half(const Tensor& got, const Tensor& want, const std::string& what) {
  ASSERT_EQ(got.dims(), want.dims()) << what;
  double apart = 0, size = 0, most = 0;
  for (int64_t k = 0; k < want.count(); ++k) {
    const double d = std::abs(got.at(k) - want.at(k));
    most = d <= most ? most : d;  // NaN stays
    apart += d * d, size += want.at(k) * want.at(k);
  }
  const double count = std::max<double>(1, static_cast<double>(want.count()));
  ASSERT_LE(std::sqrt(apart / count), 0.05 * std::max(0.1, std::sqrt(size / count))) << what;
  ASSERT_LE(most, 0.5 * std::max(1.0, largest(want))) << what;
}

// Runs an Engine of `graph`, which is `random`'s, on fresh values of each batch, beside the
// reference.
inline void expect_reference(RandomGraph& random, const Graph& graph,
                             const std::shared_ptr<Engine>& engine, const Ints& batches,
                             uint64_t seed, bool half = false) {
  const Shape& shape = graph.type(graph.inputs()[0]).shape;
  const auto context = engine->create_context();
  for (const int64_t batch : batches) {
    Extents dims{batch};
    for (size_t k = 1; k < shape.size(); ++k) dims.push_back(shape[k].value());
    const Tensor x = random.random(dims);
    const std::vector<Tensor> want = evaluate_reference(graph, {{"x", x}});
    const auto got = context->run({{"x", x}});
    for (size_t k = 0; k < want.size(); ++k) {
      const std::string& name = graph.outputs()[k].name;
      const std::string what = "seed " + std::to_string(seed) + " batch " + std::to_string(batch) +
                               " output " + name + "\n" + print(graph);
      half ? expect_near_in_half(got.at(name), want[k], what)
           : expect_near(got.at(name), want[k], what);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

}  // namespace tenfold::test
