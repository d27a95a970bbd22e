// Inner graphs and counted sizes in the Graph: builder, shape rules, verifier, text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tenfold/graph.h"

namespace tenfold {
namespace {

using ::testing::HasSubstr;

std::shared_ptr<const Graph> body_of(const std::string& text) {
  return std::make_shared<const Graph>(parse_graph(text));
}

std::string refusal(const std::string& text) {
  try {
    parse_graph(text);
    return "accepted";
  } catch (const Error& e) {
    return e.full();
  }
}

TEST(Flow, TheBuilderMakesBranches) {
  GraphBuilder b("g");
  const ValueId c = b.input("c", DType::kBool, {});
  const ValueId x = b.input("x", DType::kF32, {Dim::symbol("N"), 3});
  const auto y = b.flow("If", {c, x},
                        {body_of("graph t(v: f32[N,3]) -> r { r = Exp(v) }"),
                         body_of("graph e(v: f32[N,3]) -> v { }")},
                        1, {}, "choice");
  EXPECT_EQ(b.type(y[0]).str(), "f32[N,3]");
  b.output(y[0], "y");
  const Graph g = b.finish();
  EXPECT_EQ(print(parse_graph(print(g))), print(g));
  GraphBuilder without("h");
  const ValueId d = without.input("c", DType::kBool, {});
  EXPECT_THROW(without.nodes("If", {d}, 1), Error);   // no bodies
  EXPECT_THROW(without.flow("Not", {d}, {body_of("graph e(v: f32[1]) -> v { }")}, 1), Error);
}

TEST(Flow, LoopsCarryAndGather) {
  const std::string text =
      "graph g(go: bool[], x: f32[N,2]) -> last, all {\n"
      "  symbol K in 0..5 at 5 counted\n"
      "  @m = i64[] [5]\n"
      "  last, all = Loop(@m, go, x) {carried=1, count=\"K\"} : f32[N,2], f32[K,N,2]\n"
      "  body graph b(i: i64[], c: bool[], v: f32[N,2]) -> on, w, s=v {\n"
      "    w = Exp(v) : f32[N,2]\n"
      "    on = Not(c) : bool[]\n"
      "  }\n"
      "}\n";
  const Graph g = parse_graph(text);
  EXPECT_EQ(print(g), text);
  ASSERT_NE(g.symbol("K"), nullptr);
  EXPECT_TRUE(g.symbol("K")->data_dependent);
  EXPECT_EQ(g.symbol("K")->max, 5);
}

TEST(Flow, APatchGivesOtherBodies) {
  Graph g = parse_graph(
      "graph g(c: bool[], x: f32[2]) -> y {\n  y = If(c, x)\n"
      " body graph t(v: f32[2]) -> r { r = Exp(v) }\n body graph e(v: f32[2]) -> v { }\n}");
  const NodeId branch = g.order()[0];
  const auto other = body_of("graph t(v: f32[2]) -> r { r = Cast(v) {to=\"f16\"} }");
  Patch patch(g);
  patch.set_graphs(branch, {other, other});
  g.apply(std::move(patch));
  EXPECT_EQ(g.type(g.outputs()[0].value).str(), "f16[2]");
  Patch wrong(g);
  wrong.set_graphs(branch, {other});
  EXPECT_THROW(g.apply(std::move(wrong)), Error);
  EXPECT_EQ(verify(g).error_count(), 0u);
}

TEST(Flow, AnOpDeclaresWhatItCounts) {
  const Graph g = parse_graph(
      "graph g(x: f32[N,4], c: bool[N]) -> y, n {\n"
      "  symbol N in 0..9 at 2\n"
      "  y, n = Compress(x, c) {axis=0, count=\"K\"}\n}");
  EXPECT_EQ(g.type(*g.find_value("y")).str(), "f32[K,4]");
  EXPECT_EQ(g.type(*g.find_value("n")).str(), "i64[]");
  ASSERT_NE(g.symbol("K"), nullptr);
  EXPECT_TRUE(g.symbol("K")->data_dependent);
  EXPECT_EQ(g.symbol("K")->max, 9);
  EXPECT_EQ(print(parse_graph(print(g))), print(g));
}

TEST(Flow, RefusalsSayWhy) {
  const std::string head = "graph g(c: bool[], x: f32[2]) -> y {\n  y = ";
  const std::string same = "\n body graph e(v: f32[2]) -> v { }\n";
  const struct {
    std::string text;
    const char* reason;
  } cases[] = {
      {head + "If(c, x)" + same + "}", "takes 2 inner graphs, got 1"},
      {head + "If(x, x)" + same + same + "}", "the condition must be one bool"},
      {head + "If(c, x)" + same + " body graph e(v: f32[3]) -> v { }\n}", "is given f32[2]"},
      {head + "If(c, x)" + same + " body graph e() -> v=@k { @k = f32[2] [1, 2] }\n}",
       "has 0 inputs, it is given 1"},
      {head + "If(c, x)" + same + " body graph e(v: f32[2]) -> w { w = Cast(v) {to=\"f16\"} }\n}",
       "output 0 is f32[2] or f16[2]"},
      {head + "If(c, x)" + same +
           " body graph e(v: f32[2]) -> w { w, n = Compress(v, @k) {count=\"K\"} @k = bool[2] "
           "[1,1] }"
           "\n}",
       "no value 'k'"},
      {head + "Loop(_, c, x) {carried=2}" + same + "}", "'carried' is out of range"},
      {head + "Loop(_, c, x) {carried=1}" + same + "}", "has 1 inputs, it is given 3"},
      {head +
           "Loop(_, c, x) {carried=1}\n body graph e(i: i64[], c: bool[], v: f32[2]) -> c, i { }}",
       "carried value 0 is f32[2] and becomes i64[]"},
      {head +
           "Loop(_, c, x) {carried=0}\n body graph e(i: i64[], c: bool[], v: f32[2]) -> c, v { }}",
       "needs a constant trip limit"},
      {"graph g(c: bool[3], x: f32[2]) -> y {\n  y, n = Compress(x, c) {axis=0, count=\"K\"}\n}",
       "the condition has 3 elements, the axis 2"},
      {"graph g(c: bool[N], x: f32[N]) -> y {\n  y, n = Compress(x, c) {axis=0, count=\"N\"}\n}",
       "'N' is a size of the inputs"},
  };
  for (const auto& c : cases) EXPECT_THAT(refusal(c.text), HasSubstr(c.reason)) << c.text;
}

TEST(Flow, ACountMayNotLeaveItsBody) {
  EXPECT_THAT(refusal("graph g(c: bool[], x: f32[2]) -> y {\n  y = If(c, x)\n"
                      " body graph e(v: f32[2]) -> w { @k = bool[2] [1,1]\n"
                      "  w, n = Compress(v, @k) {count=\"K\"}\n }\n"
                      " body graph e(v: f32[2]) -> v { }\n}"),
              HasSubstr("output 'w' has size K"));
}

TEST(Flow, TheVerifierLooksIntoBodiesAndAtCounts) {
  EXPECT_THAT(refusal("graph g(c: bool[2], x: f32[2]) -> y, z {\n"
                      "  y, n = Compress(x, c) {axis=0, count=\"K\"}\n"
                      "  z, m = Compress(y, c) {axis=0, count=\"K\"}\n}"),
              HasSubstr("the axis K"));
  EXPECT_THAT(refusal("graph g(c: bool[2], x: f32[2]) -> y, z {\n"
                      "  y, n = Compress(x, c) {axis=0, count=\"K\"}\n"
                      "  z, m = Compress(x, c) {axis=0, count=\"K\"}\n}"),
              HasSubstr("'K' is counted twice"));
}

}  // namespace
}  // namespace tenfold
