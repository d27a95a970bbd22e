// The search of select on machines whose kernel times are drawn at random, against all there is.
#include <functional>
#include <set>

#include <gtest/gtest.h>

#include "src/compile/cover.h"
#include "src/compile/format_search.h"
#include "tests/compile/net_support.h"
#include "tests/compile/toy_rows_support.h"

namespace tenfold::select {
namespace {

Graph chain() {
  test::Net net(4);
  ValueId y = net.relu(net.conv(net.x, 4, 3, "c1"), "r1");
  y = net.b.node("MaxPool", {y}, {{"kernel", std::vector<int64_t>{2, 2}}}, "pool");
  return net.done(net.relu(net.conv(y, 4, 1, "c2"), "r2"));
}

// Either convolution may take in the sum and what follows it.
Graph diamond() {
  test::Net net(4);
  const ValueId left = net.conv(net.x, 4, 3, "left"), right = net.conv(net.x, 4, 1, "right");
  return net.done(net.relu(net.b.node("Add", {left, right}, {}, "sum"), "relu"));
}

class Search : public testing::TestWithParam<Graph (*)()> {
 protected:
  void SetUp() override { test::register_toys(); }

  void draw(uint64_t seed) {
    test::ToyRow::seed = seed;
    costs_ = std::make_unique<Costs>(target_, options_, nullptr);
    found_ = collect_candidates(graph_, target_, options_, graph_.symbols(), *costs_, nullptr);
    conversions_ =
        std::make_unique<Conversions>(graph_, target_, options_, graph_.symbols(), *costs_);
  }

  // The least time of all covers and all choices.
  double least() {
    double best = std::numeric_limits<double>::infinity();
    std::vector<Group> groups;
    const std::set<NodeId> all(graph_.order().begin(), graph_.order().end());
    each_cover(all, groups, [&] {
      std::optional<std::vector<Group>> sorted = ordered(graph_, groups);
      if (!sorted) return;
      each_choice(*sorted, 0, [&] {
        best = std::min(best, FormatSearch(graph_, *sorted, *conversions_).total());
      });
    });
    return best;
  }

  void each_cover(const std::set<NodeId>& left, std::vector<Group>& groups,
                  const std::function<void()>& visit) {
    if (left.empty()) return visit();
    for (const auto& [start, offers] : found_.by_start)
      for (const Offer& o : offers) {
        std::set<NodeId> rest = left;
        for (NodeId n : o.region.nodes) rest.erase(n);
        // Each set of Offers once: the one that holds the first node left comes first.
        if (rest.size() + o.region.nodes.size() != left.size() || rest.count(*left.begin()))
          continue;
        groups.push_back({&o, 0, {}});
        each_cover(rest, groups, visit);
        groups.pop_back();
      }
  }

  void each_choice(std::vector<Group>& groups, size_t at, const std::function<void()>& visit) {
    if (at == groups.size()) return visit();
    for (size_t c = 0; c < groups[at].offer->candidates.size(); ++c) {
      groups[at].choice = c;
      each_choice(groups, at + 1, visit);
    }
    groups[at].choice = 0;
  }

  Graph graph_ = GetParam()();
  Target target_ = test::toy_target();
  CompileOptions options_ = test::untimed();
  std::unique_ptr<Costs> costs_;
  Candidates found_;
  std::unique_ptr<Conversions> conversions_;
};

TEST_P(Search, FindsTheLeastTimeNearlyAlways) {
  int exact = 0;
  constexpr int kSeeds = 60;
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    draw(seed);
    const double found = select(graph_, found_, *conversions_).us, want = least();
    EXPECT_GE(found, want * (1 - 1e-9)) << seed;
    EXPECT_LE(found, want * 1.05) << seed;
    exact += found <= want * (1 + 1e-9);
  }
  EXPECT_GE(exact, kSeeds * 19 / 20);
}

TEST_P(Search, CoverAndFormatsAreOneChoice) {
  int better = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    draw(seed);
    std::vector<Group> groups;
    for (const Offer* o : first_cover(graph_, found_)) groups.push_back({o, 0, {}});
    groups = *ordered(graph_, groups);
    const double alone = FormatSearch(graph_, groups, *conversions_).run();
    const double together = select(graph_, found_, *conversions_).us;
    EXPECT_LE(together, alone) << seed;
    better += together < alone * (1 - 1e-6);
  }
  EXPECT_GE(better, 3);
}

TEST_P(Search, TheTimeIsThatOfWhatItChose) {
  options_.fp16 = true;
  draw(7);
  Selection chosen = select(graph_, found_, *conversions_);
  std::set<NodeId> covered;
  for (const Group& g : chosen.groups)
    for (NodeId n : g.offer->region.nodes) EXPECT_TRUE(covered.insert(n).second);
  EXPECT_EQ(covered.size(), graph_.order().size());
  EXPECT_DOUBLE_EQ(chosen.us, FormatSearch(graph_, chosen.groups, *conversions_).total());
}

INSTANTIATE_TEST_SUITE_P(Select, Search, testing::Values(&chain, &diamond),
                         [](const auto& info) { return info.index ? "diamond" : "chain"; });

}  // namespace
}  // namespace tenfold::select
