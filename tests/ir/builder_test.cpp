#include <gtest/gtest.h>

#include "tenfold/graph.h"

namespace tenfold {
namespace {

using Ints = std::vector<int64_t>;

Graph lenet() {
  GraphBuilder b("lenet");
  const ValueId x = b.input("data", DType::kF32, {Dim::symbol("N"), 1, 28, 28});
  const ValueId w1 = b.constant("w1", Tensor::zeros(DType::kF32, {20, 1, 5, 5}));
  const ValueId b1 = b.constant("b1", Tensor::zeros(DType::kF32, {20}));
  const ValueId c1 = b.node("Conv", {x, w1, b1}, {{"strides", Ints{1, 1}}}, "conv1");
  const ValueId p1 =
      b.node("MaxPool", {c1}, {{"kernel", Ints{2, 2}}, {"strides", Ints{2, 2}}}, "pool1");
  const ValueId f = b.node("Flatten", {p1}, {}, "flat");
  const ValueId w2 = b.constant("w2", Tensor::zeros(DType::kF32, {10, 2880}));
  const ValueId g = b.node("Gemm", {f, w2}, {{"transB", int64_t{1}}}, "ip");
  b.output(b.node("Softmax", {g}, {{"axis", int64_t{1}}}, "prob"), "prob");
  return b.finish();
}

TEST(GraphBuilder, InfersTypesAtEveryCall) {
  const Graph g = lenet();
  const ValueId prob = g.outputs()[0].value;
  EXPECT_EQ(g.type(prob).str(), "f32[N,10]");
  EXPECT_EQ(g.type(*g.find_value("pool1")).str(), "f32[N,20,12,12]");
  EXPECT_EQ(g.order().size(), 5u);
  ASSERT_NE(g.symbol("N"), nullptr);
  EXPECT_EQ(g.uses(*g.find_value("conv1")).size(), 1u);
}

// What calling `f` throws.
template <typename F>
std::string message(F f, Code code) {
  try {
    f();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), code) << e.what();
    return e.full();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

TEST(GraphBuilder, ErrorsNameNodeOpAndReason) {
  GraphBuilder b("bad");
  const ValueId x = b.input("x", DType::kF32, {Dim::symbol("N"), 3, 8, 8});
  const ValueId w = b.constant("w", Tensor::zeros(DType::kF32, {4, 2, 3, 3}));
  std::string m = message([&] { b.node("Conv", {x, w}, {}, "conv1"); }, Code::kInvalid);
  EXPECT_NE(m.find("conv1"), std::string::npos) << m;
  EXPECT_NE(m.find("input channels"), std::string::npos) << m;
  m = message([&] { b.node("Convv", {x, w}, {}, "conv1"); }, Code::kUnsupported);
  EXPECT_NE(m.find("nearest: Conv"), std::string::npos) << m;
  m = message([&] { b.node("Relu", {x}, {{"alpah", 1.0}}, "r"); }, Code::kInvalid);
  EXPECT_NE(m.find("alpah"), std::string::npos) << m;
  m = message([&] { b.node("LeakyRelu", {x}, {{"alpha", std::string("x")}}, "r"); },
              Code::kInvalid);
  EXPECT_NE(m.find("kind"), std::string::npos) << m;
  m = message([&] { b.node("Conv", {x}, {}, "c"); }, Code::kInvalid);
  EXPECT_NE(m.find("2 to 3 inputs"), std::string::npos) << m;
  m = message([&] { b.node("Conv", {kNoValue, w}, {}, "c"); }, Code::kInvalid);
  EXPECT_NE(m.find("'x' is missing"), std::string::npos) << m;
  m = message([&] { b.node("MaxPool", {x}, {}, "p"); }, Code::kInvalid);
  EXPECT_NE(m.find("kernel"), std::string::npos) << m;
  message([&] { b.input("x", DType::kF32, {1}); }, Code::kInvalid);
  message([&] { b.finish(); }, Code::kInvalid);  // no output
}

TEST(GraphBuilder, NamesPassToTheLastThatAsks) {
  GraphBuilder b("names");
  const ValueId x = b.input("x", DType::kF32, {4});
  const ValueId first = b.node("Relu", {x}, {}, "a");
  const ValueId second = b.node("Sigmoid", {first}, {}, "b");
  b.name_value(second, "a");
  b.output(second, "y");
  const Graph g = b.finish();
  EXPECT_EQ(g.find_value("a"), second);
  EXPECT_EQ(g.find_value(g.value(first).name), first);
  EXPECT_TRUE(verify(g).all().empty());
}

TEST(Patch, ReplacesUsesAndKeepsTheOrder) {
  Graph g = lenet();
  const ValueId conv = *g.find_value("conv1");
  Patch patch(g);
  const ValueId relu = patch.add("Relu", {conv}, {}, "relu1");
  patch.replace(conv, relu);  // the new node itself still sees the old value
  g.apply(std::move(patch));
  EXPECT_TRUE(verify(g).all().empty());
  std::string order;
  for (NodeId id : g.order()) order += g.node(id).op + " ";
  EXPECT_EQ(order, "Conv Relu MaxPool Flatten Gemm Softmax ");
  EXPECT_EQ(g.type(relu).str(), "f32[N,20,24,24]");
  EXPECT_EQ(g.value(relu).name, "conv1");
}

TEST(Patch, RefusesACycleAndChangesNothing) {
  Graph g = lenet();
  const std::string before = print(g);
  Patch patch(g);
  const NodeId conv = g.value(*g.find_value("conv1")).producer;
  std::vector<ValueId> inputs = g.node(conv).inputs;
  inputs[0] = *g.find_value("pool1");
  patch.set_inputs(conv, inputs);
  EXPECT_THROW(g.apply(std::move(patch)), Error);
  EXPECT_EQ(print(g), before);
}

TEST(Patch, TypesFollowEdits) {
  Graph g = lenet();
  const ValueId pool = *g.find_value("pool1");
  g.type(pool);
  Patch patch(g);
  patch.set_attrs(g.value(pool).producer, {{"kernel", Ints{3, 3}}, {"strides", Ints{2, 2}}});
  g.apply(std::move(patch));
  EXPECT_EQ(g.type(pool).str(), "f32[N,20,11,11]");
  EXPECT_GT(verify(g).error_count(), 0u);  // the Gemm no longer fits
}

TEST(Patch, RecipesHaveTypesAndNoBytes) {
  Graph g = lenet();
  Patch patch(g);
  const ValueId w = *g.find_value("w2");
  const ValueId t = patch.recipe("Transpose", {w}, {{"perm", Ints{1, 0}}}, "w2t");
  const ValueId gemm = patch.add("Gemm", {*g.find_value("flat"), t}, {}, "ip");
  patch.replace(*g.find_value("ip"), gemm);
  g.apply(std::move(patch));
  g.remove_unused();
  EXPECT_TRUE(verify(g).all().empty());
  EXPECT_EQ(g.type(t).str(), "f32[2880,10]");
  EXPECT_EQ(g.constant_of(t), nullptr);
  EXPECT_NE(g.constant_of(w), nullptr);  // the recipe's source stays
  EXPECT_EQ(g.node(g.value(gemm).producer).name, "ip");
}

TEST(Graph, RemoveUnusedKeepsInputsAndIds) {
  GraphBuilder b("g");
  const ValueId x = b.input("x", DType::kF32, {4});
  b.input("unused", DType::kF32, {4});
  b.node("Relu", {x}, {}, "dead");
  const ValueId y = b.node("Exp", {x}, {}, "y");
  b.output(y, "y");
  Graph g = b.finish();
  EXPECT_EQ(g.remove_unused(), 1);
  EXPECT_EQ(g.inputs().size(), 2u);
  EXPECT_EQ(g.value(y).name, "y");
  EXPECT_FALSE(g.find_value("dead").has_value());
  EXPECT_TRUE(verify(g).all().empty());
  EXPECT_EQ(g.remove_unused(), 0);
}

TEST(Graph, CopiesAreIndependent) {
  Graph g = lenet();
  Graph copy = g;
  Patch patch(copy);
  patch.replace(*copy.find_value("conv1"), patch.add("Relu", {*copy.find_value("conv1")}));
  copy.apply(std::move(patch));
  EXPECT_EQ(g.order().size(), 5u);
  EXPECT_EQ(copy.order().size(), 6u);
}

}  // namespace
}  // namespace tenfold
