// Convolutions of one value that run as one.
#include "src/compile/siblings.h"

#include <gtest/gtest.h>

#include "tenfold/compile.h"
#include "tests/compile/net_support.h"

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
  for (const auto& [which, convs, name] : {std::tuple(Siblings::kAll, 4, "one | reduce3 | reduce5"),
                                           std::tuple(Siblings::kApart, 5, "reduce3 | reduce5")}) {
    std::vector<std::string> names;
    const auto merged = merge_siblings(g, which, names);
    ASSERT_TRUE(merged);
    EXPECT_EQ(names, std::vector<std::string>{name});
    EXPECT_EQ(count(*merged, "Conv"), convs);
    EXPECT_EQ(count(*merged, "Split"), 1);
    EXPECT_TRUE(verify(*merged).all().empty());
    EXPECT_TRUE(merged->find_value("reduce3.relu"));  // still there to be read
    for (const int64_t batch : {1, 3})
      expect_close(outputs_of(*merged, batch).front(), outputs_of(g, batch).front(), 1e-6, 1e-5);
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
  std::vector<std::string> names;
  const auto merged = merge_siblings(n.b.finish(), Siblings::kAll, names);
  // Those with a Sigmoid behind them and equal in all else: none but `plain`.
  EXPECT_FALSE(merged);
  EXPECT_TRUE(names.empty());
}

TEST(Siblings, OutputsOfTheNetworkStayApart) {
  Net n;
  n.b.output(n.conv(n.x, 8, 1, "a"), "ya");
  n.b.output(n.conv(n.x, 8, 1, "b"), "yb");
  std::vector<std::string> names;
  EXPECT_FALSE(merge_siblings(n.b.finish(), Siblings::kAll, names));
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

}  // namespace
}  // namespace tenfold::select
