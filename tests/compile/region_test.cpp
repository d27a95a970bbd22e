#include "src/compile/region.h"

#include <gtest/gtest.h>

#include "src/compile/candidates.h"
#include "src/compile/lower.h"

namespace tenfold::select {
namespace {

struct Net {
  GraphBuilder b{"net"};
  ValueId x = b.input("x", DType::kF32, {Dim::symbol("N"), 4, 8, 8});
  Net() { b.symbol({"N", 1, 64, 1, false}); }
  ValueId conv(ValueId in, const std::string& name) {
    const ValueId w = b.constant(name + ".w", Tensor::zeros(DType::kF32, {4, 4, 3, 3}));
    const ValueId bias = b.constant(name + ".b", Tensor::zeros(DType::kF32, {4}));
    return b.node("Conv", {in, w, bias}, {{"pads", std::vector<int64_t>{1, 1, 1, 1}}}, name);
  }
};

std::string names(const Graph& g, const Region& r) { return region_name(g, r); }
NodeId node_named(const Graph& g, const std::string& name) {
  for (NodeId id : g.order())
    if (g.node(id).name == name) return id;
  return {};
}

TEST(Region, GrowsAlongPointwiseUses) {
  Net n;
  ValueId y = n.conv(n.x, "conv");
  y = n.b.node("Relu", {y}, {}, "relu");
  n.b.output(y, "y");
  const Graph g = n.b.finish();
  const auto regions = grow_regions(g, node_named(g, "conv"));
  ASSERT_EQ(regions.size(), 2u);
  EXPECT_EQ(names(g, regions[0]), "conv");
  EXPECT_EQ(names(g, regions[1]), "conv + relu");
}

TEST(Region, StopsAtGraphOutputs) {
  Net n;
  const ValueId c = n.conv(n.x, "conv");
  n.b.output(c, "c");
  n.b.output(n.b.node("Relu", {c}, {}, "relu"), "y");
  const Graph g = n.b.finish();
  EXPECT_EQ(grow_regions(g, node_named(g, "conv")).size(), 1u);
}

TEST(Region, TakesDiamondsOnlyWhole) {
  Net n;
  const ValueId c = n.conv(n.x, "conv");
  const ValueId s = n.b.node("Sigmoid", {c}, {}, "sigmoid");
  n.b.output(n.b.node("Mul", {c, s}, {}, "mul"), "y");
  const Graph g = n.b.finish();
  const auto regions = grow_regions(g, node_named(g, "conv"));
  ASSERT_EQ(regions.size(), 2u);
  EXPECT_EQ(names(g, regions[1]), "conv + sigmoid + mul");
}

// The sum's other operand must not be computed from the region.
TEST(Region, NeverMakesACircle) {
  Net n;
  const ValueId a = n.conv(n.x, "a");
  const ValueId b = n.conv(a, "b");
  n.b.output(n.b.node("Add", {a, b}, {}, "add"), "y");
  const Graph g = n.b.finish();
  EXPECT_EQ(grow_regions(g, node_named(g, "a")).size(), 1u);
  const auto regions = grow_regions(g, node_named(g, "b"));
  ASSERT_EQ(regions.size(), 2u);
  EXPECT_EQ(names(g, regions[1]), "b + add");
}

TEST(Region, BroadcastThatEnlargesIsLeftOut) {
  GraphBuilder b("net");
  const ValueId x = b.input("x", DType::kF32, {1, 4, 1, 1});
  const ValueId big = b.input("big", DType::kF32, {1, 4, 8, 8});
  const ValueId r = b.node("Relu", {x}, {}, "relu");
  b.output(b.node("Add", {r, big}, {}, "add"), "y");
  const Graph g = b.finish();
  EXPECT_EQ(grow_regions(g, node_named(g, "relu")).size(), 1u);
}

TEST(Lower, BiasAndResidualBecomeExpr) {
  Net n;
  const ValueId c = n.conv(n.x, "conv");
  const ValueId sum = n.b.node("Add", {c, n.x}, {}, "add");
  n.b.output(n.b.node("Relu", {sum}, {}, "relu"), "y");
  const Graph g = n.b.finish();
  const auto regions = grow_regions(g, node_named(g, "conv"));
  const Lowered l = lower(g, regions.back(), g.symbols());
  EXPECT_EQ(l.problem.op, "Conv");
  EXPECT_EQ(l.problem.anchor_inputs, 2);
  ASSERT_EQ(l.problem.inputs.size(), 4u);
  EXPECT_EQ(str(l.problem.inputs[2].dims), "4,1,1");
  EXPECT_EQ(l.problem.expr.str(), "out0=relu(add(add(acc,in2),in3))");
  EXPECT_EQ(l.problem.attrs.ints("kernel"), (std::vector<int64_t>{3, 3}));
  EXPECT_NO_THROW(l.problem.verify());
  const auto form = match_epilogue(l.problem);
  ASSERT_TRUE(form.has_value());
  EXPECT_EQ(form->bias, 2);
  EXPECT_EQ(form->residual, 3);
  EXPECT_EQ(form->act, ExprOp::kRelu);
}

TEST(Lower, PlainAnchorHasNoExpr) {
  GraphBuilder b("net");
  const ValueId x = b.input("x", DType::kF32, {Dim::symbol("N"), 4, 8, 8});
  b.symbol({"N", 1, 64, 1, false});
  b.output(b.node("MaxPool", {x}, {{"kernel", std::vector<int64_t>{2, 2}}}, "pool"), "y");
  const Graph g = b.finish();
  const Lowered l = lower(g, grow_regions(g, g.order().front()).front(), g.symbols());
  EXPECT_TRUE(l.problem.expr.empty());
  EXPECT_EQ(l.problem.symbols.size(), 1u);
  EXPECT_EQ(Problem::parse(l.problem.str()), l.problem);
}

// A folded product has no Expr that could hold alpha and beta.
TEST(Lower, RecipesOfProductsKeepTheirFactors) {
  GraphBuilder b("net");
  const auto matrix = [&](const char* name, double value) {
    return b.constant(name, Tensor::of<double>(DType::kF32, {1, 1}, {value}));
  };
  const ValueId y = b.node("Gemm", {matrix("a", 3), matrix("b", 5), matrix("c", 7)},
                           {{"alpha", 2.0}, {"beta", 10.0}}, "gemm");
  b.output(b.node("Add", {b.input("x", DType::kF32, {1, 1}), y}, {}, "add"), "sum");
  Graph g = b.finish();
  canonicalize(g);
  ASSERT_EQ(g.order().size(), 1u);
  const ConstantId folded = g.value(g.node(g.order().front()).inputs.back()).constant;
  ASSERT_TRUE(folded.valid());
  EXPECT_EQ(evaluate_constant(g, folded).at(0), 2 * 3 * 5 + 10 * 7);
}

}  // namespace
}  // namespace tenfold::select
