// Passes keep the numbers: random graphs through the reference rows before and after canonicalize.
#include <iostream>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "tenfold/compile.h"
#include "tests/support/random_graph.h"

namespace tenfold {
namespace {

using test::expect_near;
using test::RandomGraph;

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

// What the tests above say of a pass they say only where it had something to do.
TEST(Canonicalize, RandomGraphsGiveEachOfThesePassesWork) {
  std::map<std::string, int> changed;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    Graph graph = RandomGraph(seed).build();
    std::string before = print(graph);
    PassOptions options;
    options.after_each = [&](std::string_view pass, const Graph& after) {
      std::string now = print(after);
      changed[std::string(pass)] += now != before;
      before = std::move(now);
    };
    canonicalize(graph, options);
  }
  for (const char* pass : {"dead_code", "fold_constants", "common_subexpressions",
                           "fold_batch_norm", "remove_identity"})
    EXPECT_GE(changed[pass], 5) << pass;
}

// More operands than one kernel takes: every machine has rows for what the passes make of it.
TEST(Canonicalize, JoinsAndCutsOfAnyNumberOfPieces) {
  constexpr int kPieces = 5000;
  GraphBuilder b("g");
  b.symbol({"N", 1, 4, 1});
  const ValueId x = b.input("x", DType::kF32, {Dim::symbol("N"), kPieces});
  std::vector<ValueId> pieces = b.nodes("Split", {x}, kPieces, {{"axis", 1}}, "cut");
  std::reverse(pieces.begin(), pieces.end());
  b.output(b.node("Concat", pieces, {{"axis", 1}}), "y");
  Graph graph = b.finish();
  const std::string name = graph.value(pieces[17]).name;
  const Tensor given = RandomGraph(1).random({2, kPieces});
  Tensor want(DType::kF32, given.dims());
  for (int64_t n = 0; n < 2; ++n)
    for (int64_t k = 0; k < kPieces; ++k)
      want.as_mutable<float>()[static_cast<size_t>(n * kPieces + k)] =
          given.as<float>()[static_cast<size_t>((n + 1) * kPieces - 1 - k)];
  expect_near(evaluate_reference(graph, {{"x", given}}).at(0), want, "as given");
  canonicalize(graph);
  EXPECT_TRUE(graph.find_value(name)) << name;
  for (const NodeId id : graph.order())
    EXPECT_LE(graph.node(id).inputs.size() + graph.node(id).outputs.size(), 65u);
  expect_near(evaluate_reference(graph, {{"x", given}}).at(0), want, "canonical");
}

TEST(Canonicalize, FoldingHasABudget) {
  const auto folded = [](int64_t budget) {
    GraphBuilder b("g");
    const ValueId x = b.input("x", DType::kF32, {Dim::symbol("N"), 64});
    const ValueId row = b.constant("row", Tensor::zeros(DType::kF32, {1, 64}));
    const ValueId many = b.node("Tile", {row}, {{"repeats", std::vector<int64_t>{1, 256}}});
    const ValueId part = b.node("ReduceMax", {many}, {{"axes", std::vector<int64_t>{1}}});
    b.output(b.node("Add", {x, part}), "y");
    Graph graph = b.finish();
    PassOptions options;
    options.fold_budget_bytes = budget;
    run_pass(graph, "fold_constants", options);
    int tiles = 0;
    for (NodeId id : graph.order()) tiles += graph.node(id).op == "Tile";
    return tiles == 0;
  };
  EXPECT_TRUE(folded(64 * 256 * 4));
  EXPECT_FALSE(folded(64 * 256 * 4 - 1));
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
