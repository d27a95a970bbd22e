// Passes keep the numbers: random graphs through the reference rows before and after canonicalize.
#include <cmath>
#include <iostream>
#include <random>

#include <gtest/gtest.h>

#include "tenfold/compile.h"
#include "tenfold/graph.h"

namespace tenfold {
namespace {

using Ints = std::vector<int64_t>;

// Grows a graph layer by layer. Every value is f32 and of rank 4 until flattened.
class RandomGraph {
 public:
  explicit RandomGraph(uint64_t seed) : rng_(seed), b_("random") {}

  Graph build() {
    const int64_t c = pick(1, 4), h = pick(4, 9), w = pick(4, 9);
    values_.push_back(b_.input("x", DType::kF32, {Dim::symbol("N"), c, h, w}));
    const int64_t layers = pick(3, 14);
    for (int64_t k = 0; k < layers; ++k) layer();
    b_.output(values_.back(), "y");
    if (pick(0, 2) == 0 && values_[values_.size() / 2] != values_.back() && values_.size() > 3)
      b_.output(values_[values_.size() / 2], "z");
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
  ValueId constant(const Tensor& t) { return b_.constant("", t); }
  ValueId positive(int64_t n) {
    Tensor t = random({n});
    for (float& v : t.as_mutable<float>()) v = 0.5F + std::abs(v);
    return constant(t);
  }
  Extents channel_dims(int64_t c) {
    const Extents forms[] = {{c, 1, 1}, {1, c, 1, 1}, {1}, {}};
    return forms[pick(0, 3)];
  }

  void layer() {
    const ValueId x = any();
    const Shape shape = b_.type(x).shape;
    const int64_t c = shape[1].value(), h = shape[2].value(), w = shape[3].value();
    ValueId y;
    switch (pick(0, 15)) {
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
      case 9: y = b_.node("Concat", {x, x}, {{"axis", int64_t{-3}}}); break;
      case 10: y = eltwise(x); break;
      case 11: y = reshape(x, c, h, w); break;
      case 12: y = b_.node("Identity", {b_.node("Relu6", {x})}); break;
      case 13: y = padded(x, c, h, w); break;
      case 14: y = up(x, c, h, w); break;
      default: y = b_.node("Div", {x, positive(1)}); break;
    }
    values_.push_back(y);
  }

  ValueId conv(ValueId x, int64_t c, int64_t h, int64_t w) {
    const int64_t group = c % 2 == 0 && pick(0, 1) ? 2 : 1;
    const int64_t m = group * pick(1, 4), k = pick(1, std::min<int64_t>({3, h, w})),
                  pad = pick(0, 1);
    const double deviation = 1 / std::sqrt(static_cast<double>(c / group * k * k));
    std::vector<ValueId> inputs{x, constant(random({m, c / group, k, k}, 0, deviation))};
    if (pick(0, 1)) inputs.push_back(constant(random({m})));
    return b_.node("Conv", inputs,
                   {{"pads", Ints(4, pad)}, {"strides", Ints(2, pick(1, 2))}, {"group", group}});
  }

  ValueId up(ValueId x, int64_t c, int64_t h, int64_t w) {
    if (h * w > 200) return b_.node("Relu", {x});
    const int64_t group = c % 2 == 0 && pick(0, 1) ? 2 : 1, m = pick(1, 3);
    std::vector<ValueId> inputs{x, constant(random({c, m, 2, 2}, 0, 0.5))};
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
    const int64_t c = b_.type(flat).shape[1].value(), m = pick(1, 5);
    ValueId y;
    if (pick(0, 1)) {
      y = b_.node("Gemm", {flat, constant(random({c, m})), constant(random({1, m}))},
                  {{"alpha", 0.5}, {"beta", 2.0}});
    } else {
      y = b_.node("Add",
                  {b_.node("MatMul", {flat, constant(random({c, m}))}), constant(random({m}))});
    }
    y = b_.node("Mul", {y, constant(random({m}))});
    b_.output(b_.node("Softmax", {y}), "tail");
  }

  std::mt19937_64 rng_;
  GraphBuilder b_;
  std::vector<ValueId> values_;
};

double largest(const Tensor& t) {
  double m = 0;
  for (int64_t k = 0; k < t.count(); ++k) m = std::max(m, std::abs(t.at(k)));
  return m;
}

void expect_near(const Tensor& got, const Tensor& want, const std::string& what) {
  ASSERT_EQ(got.dims(), want.dims()) << what;
  // Errors of a deep graph are relative to what flows through it.
  const double bound = 1e-5 * std::max(1.0, largest(want));
  for (int64_t k = 0; k < want.count(); ++k)
    ASSERT_NEAR(got.at(k), want.at(k), bound + 1e-5 * std::abs(want.at(k))) << what << " at " << k;
}

TEST(Canonicalize, KeepsTheNumbersOfRandomGraphs) {
  const uint64_t first = std::random_device{}();
  std::cout << "seed " << first << "\n";
  for (uint64_t seed = first; seed < first + 60; ++seed) {
    RandomGraph random(seed);
    const Graph before = random.build();
    const Tensor x = random.random({2, before.type(before.inputs()[0]).shape[1].value(),
                                    before.type(before.inputs()[0]).shape[2].value(),
                                    before.type(before.inputs()[0]).shape[3].value()});
    const std::vector<Tensor> want = evaluate_reference(before, {{"x", x}});
    Graph graph = before;
    PassOptions options;
    options.verify = true;
    canonicalize(graph, options);
    const std::string place = "seed " + std::to_string(seed) + "\n" + print(before) + print(graph);
    for (NodeId id : graph.order()) ASSERT_NE(graph.node(id).op, "BatchNormalization") << place;
    const std::vector<Tensor> got = evaluate_reference(graph, {{"x", x}});
    ASSERT_EQ(got.size(), want.size());
    for (size_t k = 0; k < want.size(); ++k) {
      EXPECT_EQ(graph.outputs()[k].name, before.outputs()[k].name);
      EXPECT_EQ(graph.type(graph.outputs()[k].value), before.type(before.outputs()[k].value));
      expect_near(got[k], want[k], place);
    }
    const std::string once = print(graph);
    canonicalize(graph, options);
    ASSERT_EQ(print(graph), once) << "canonicalize is not idempotent, seed " << seed;
    ASSERT_EQ(print(parse_graph(once,
                                [&](const std::string& name, const Type&) {
                                  return graph.constant_of(*graph.find_value(name))->source;
                                })),
              once);
  }
}

TEST(Canonicalize, EachPassAloneKeepsTheNumbers) {
  const uint64_t first = std::random_device{}();
  std::cout << "seed " << first << "\n";
  for (uint64_t seed = first; seed < first + 8; ++seed) {
    RandomGraph random(seed);
    const Graph before = random.build();
    Extents dims{1};
    for (size_t k = 1; k < 4; ++k) dims.push_back(before.type(before.inputs()[0]).shape[k].value());
    const Tensor x = random.random(dims);
    const std::vector<Tensor> want = evaluate_reference(before, {{"x", x}});
    for (const std::string& pass : pass_names()) {
      Graph graph = before;
      PassOptions options;
      options.verify = true;
      run_pass(graph, pass, options);
      const std::vector<Tensor> got = evaluate_reference(graph, {{"x", x}});
      for (size_t k = 0; k < want.size(); ++k)
        expect_near(got[k], want[k],
                    pass + ", seed " + std::to_string(seed) + "\n" + print(before) + print(graph));
    }
  }
}

TEST(Canonicalize, StopsAfterTheNamedPassAndReportsEach) {
  Graph g = RandomGraph(1).build();
  std::vector<std::string> seen;
  PassOptions options;
  options.stop_after = "canonical_axes";
  options.after_each = [&](std::string_view pass, const Graph&) { seen.emplace_back(pass); };
  canonicalize(g, options);
  EXPECT_EQ(seen, (std::vector<std::string>{"dead_code", "fold_constants", "canonical_axes"}));
  options.stop_after = "canonical_axis";
  EXPECT_THROW(canonicalize(g, options), Error);
}

}  // namespace
}  // namespace tenfold
