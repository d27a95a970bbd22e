// What select makes of random graphs computes what the reference computes: layouts, views, slices
// and outputs that share storage, under several ways of choosing.
#include "tests/support/random_graph.h"

#include <cstdlib>
#include <iostream>

namespace tenfold {
namespace {

struct Way {
  const char* name;
  std::vector<std::string> without;
  bool keep_taps, timing;
};

const Way kWays[] = {{"estimates", {}, false, false},
                     {"taps", {}, true, false},
                     {"reference", {"onednn.", "cpu."}, false, false},
                     {"onednn", {"cpu."}, false, false},
                     {"sizes", {}, false, false},
                     {"times", {}, false, true}};

class RandomGraphs : public testing::TestWithParam<Way> {};

TEST_P(RandomGraphs, ComputeWhatTheReferenceComputes) {
  const Way& way = GetParam();
  const char* const again = std::getenv("TENFOLD_TEST_SEED");  // of a run that failed
  const uint64_t first = again ? std::strtoull(again, nullptr, 10) : std::random_device{}();
  std::cout << "seed " << first << "\n";
  const auto device = open_device({"cpu", 0});
  const uint64_t count = way.timing ? 6 : 40;
  for (uint64_t seed = first; seed < first + count; ++seed) {
    test::RandomGraph random(seed, true);
    const Graph graph = random.build();
    CompileOptions options;
    options.exclude_rows = way.without;
    options.keep_taps = way.keep_taps;
    options.timing = way.timing;
    if (way.name == std::string("sizes"))  // a program each
      for (const int64_t n : {1, 2, 6}) {
        Profile profile;
        profile.tune.set("N", n);
        profile.range["N"] = {0, n};
        options.profiles.push_back(profile);
      }
    const Plan plan =
        compile(graph, device->target(), options, way.timing ? device.get() : nullptr);
    test::expect_reference(random, graph, Engine::create(plan, device), {2, 1, 3}, seed);
    if (HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(All, RandomGraphs, testing::ValuesIn(kWays),
                         [](const auto& i) { return std::string(i.param.name); });

}  // namespace
}  // namespace tenfold
