// Convolutions of one value that run as one.
#include "src/compile/siblings.h"

#include <gtest/gtest.h>

#include "src/compile/choice.h"
#include "src/compile/slices.h"
#include "tenfold/compile.h"
#include "tests/compile/net_support.h"
#include "tests/compile/toy_rows_support.h"

namespace tenfold::select {
namespace {

using test::expect_close;
using test::random_tensor;

struct Net : test::Net {
  Net() : test::Net(16) {}
  ValueId conv(ValueId in, int64_t filters, int64_t kernel, const std::string& name,
               bool bias = true) {
    return test::Net::conv(in, filters, kernel, name, bias);
  }
  // The first layers of an inception: a branch that is joined at once, two reductions.
  Graph inception() {
    const ValueId one = relu(conv(x, 16, 1, "one"), "one.relu");
    const ValueId three = relu(conv(x, 24, 1, "reduce3"), "reduce3.relu");
    const ValueId five = relu(conv(x, 8, 1, "reduce5"), "reduce5.relu");
    const ValueId y = join({one, conv(three, 16, 3, "three"), conv(five, 8, 5, "five")});
    return done(conv(y, 8, 1, "last"));
  }
};

int count(const Graph& g, std::string_view op) {
  int n = 0;
  for (const NodeId id : g.order()) n += g.node(id).op == op;
  return n;
}

std::vector<Tensor> outputs_of(const Graph& g, int64_t batch) {
  return evaluate_reference(g, {{"x", random_tensor(DType::kF32, {batch, 16, 6, 7}, 9)}});
}

TEST(Siblings, MergedConvolutionsGiveTheSameNumbers) {
  const Graph g = Net().inception();
  std::vector<SiblingSet> sets = find_siblings(g);
  ASSERT_EQ(sets.size(), 1u);
  for (const auto& [joined_too, convs, name] :
       {std::tuple(true, 4, "one | reduce3 | reduce5"), {false, 5, "reduce3 | reduce5"}}) {
    if (!joined_too) std::erase_if(sets[0], [](const Sibling& s) { return s.joined; });
    EXPECT_EQ(name_of(g, sets[0]), name);
    const Graph merged = merge_siblings(g, sets);
    EXPECT_EQ(count(merged, "Conv"), convs);
    EXPECT_EQ(count(merged, "Split"), 1);
    EXPECT_TRUE(verify(merged).all().empty());
    EXPECT_TRUE(merged.find_value("reduce3.relu"));  // still there to be read
    for (const int64_t batch : {1, 3})
      expect_close(outputs_of(merged, batch).front(), outputs_of(g, batch).front(), 1e-6, 1e-5);
  }
}

TEST(Siblings, DifferentConvolutionsStayApart) {
  Net n;
  const std::vector<ValueId> all = {
      n.conv(n.x, 8, 1, "plain"),
      n.conv(n.x, 8, 3, "kernel"),
      n.conv(n.x, 8, 1, "bias", false),
      n.relu(n.conv(n.x, 8, 1, "activation"), "relu"),
      n.conv(n.conv(n.x, 16, 5, "other"), 8, 1, "input"),
  };
  for (size_t k = 0; k < all.size(); ++k)
    n.b.output(n.b.node("Sigmoid", {all[k]}, {}, "s" + std::to_string(k)), "y" + std::to_string(k));
  // Those with a Sigmoid behind them and equal in all else: none but `plain`.
  EXPECT_TRUE(find_siblings(n.b.finish()).empty());
}

TEST(Siblings, OutputsOfTheNetworkStayApart) {
  Net n;
  n.b.output(n.conv(n.x, 8, 1, "a"), "ya");
  n.b.output(n.conv(n.x, 8, 1, "b"), "yb");
  EXPECT_TRUE(find_siblings(n.b.finish()).empty());
}

// Select takes the faster spelling, says what it compared, and the plan runs.
TEST(Siblings, SelectComparesBoth) {
  const Graph g = Net().inception();
  const auto device = open_device({"cpu", 0});
  for (const bool timing : {false, true}) {
    CompileOptions options;
    options.timing = timing;
    Explanation explanation;
    Plan plan =
        compile(g, device->target(), options, timing ? device.get() : nullptr, &explanation);
    int remarks = 0;
    for (const std::string& r : explanation.remarks)
      remarks += r.find("sibling convolutions") != std::string::npos;
    EXPECT_EQ(remarks, 2);
    plan = Plan::deserialize(plan.serialize());
    const auto context = Engine::create(plan, device)->create_context();
    for (const int64_t batch : {1, 3}) {
      const auto got = context->run({{"x", random_tensor(DType::kF32, {batch, 16, 6, 7}, 9)}});
      expect_close(got.at("y"), outputs_of(g, batch).front(), 2e-5, 1e-4);
    }
  }
}

// Two sets, each apart, whole or without what is joined at once: about the best of all nine.
TEST(Siblings, EverySetIsDecidedForItself) {
  test::register_toys();
  Net n;
  const auto block = [&](ValueId in, const std::string& name) {
    return n.join({n.conv(in, 8, 1, name + ".one"),
                   n.conv(n.conv(in, 16, 1, name + ".a"), 4, 3, name + ".b"),
                   n.conv(n.conv(in, 24, 1, name + ".c"), 4, 3, name + ".d")});
  };
  const Graph g = n.done(n.relu(block(block(n.x, "first"), "second"), "last"));
  const std::vector<SiblingSet> sets = find_siblings(g);
  ASSERT_EQ(sets.size(), 2u);
  const Target target = test::toy_target();
  const CompileOptions options = test::untimed();
  int best = 0, mixed = 0;
  constexpr int kSeeds = 40;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    test::ToyRow::seed = seed;
    Costs costs(target, options, nullptr);
    double least = std::numeric_limits<double>::infinity();
    for (int way = 0; way < 9; ++way) {
      std::vector<SiblingSet> merged;
      for (const auto& [set, how] : {std::pair(sets[0], way % 3), {sets[1], way / 3}}) {
        if (how == 0) continue;
        merged.push_back(set);
        if (how == 2) std::erase_if(merged.back(), [](const Sibling& s) { return s.joined; });
      }
      const Graph spelled = merge_siblings(g, merged);
      std::vector<Symbol> symbols = spelled.symbols();
      for (Symbol& s : symbols) s.min = 0;  // as a profile has it
      Conversions conversions(spelled, target, options, symbols, costs);
      const Candidates found =
          collect_candidates(spelled, target, options, symbols, costs, nullptr);
      Selection selection = select(spelled, found, conversions);
      choose_slices(spelled, target, selection, conversions, costs, nullptr);
      least = std::min(least, selection.us);
    }
    std::vector<std::string> remarks;
    const double us = choose(g, target, options, costs, remarks)->us;
    EXPECT_GE(us, least * (1 - 1e-9)) << seed;
    best += us <= least * 1.006;
    for (const std::string& r : remarks) mixed += r.find("set by set") != std::string::npos;
  }
  EXPECT_GE(best, kSeeds * 9 / 10);
  EXPECT_GE(mixed, 1);
}

}  // namespace
}  // namespace tenfold::select
