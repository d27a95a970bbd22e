// What select makes of random graphs computes what the reference computes: layouts, views, slices
// and outputs that share storage, under several ways of choosing.
#include "tests/support/random_graph.h"

#include <cstdlib>
#include <iostream>

#include "tenfold/compile.h"
#include "tenfold/engine.h"

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
    const Shape& shape = graph.type(graph.inputs()[0]).shape;
    CompileOptions options;
    options.exclude_rows = way.without;
    options.keep_taps = way.keep_taps;
    options.timing = way.timing;
    const Plan plan =
        compile(graph, device->target(), options, way.timing ? device.get() : nullptr);
    const auto engine = Engine::create(plan, device);
    const auto context = engine->create_context();
    for (const int64_t batch : {2, 1, 3}) {
      Extents dims{batch};
      for (size_t k = 1; k < 4; ++k) dims.push_back(shape[k].value());
      const Tensor x = random.random(dims);
      const std::vector<Tensor> want = evaluate_reference(graph, {{"x", x}});
      const auto got = context->run({{"x", x}});
      for (size_t k = 0; k < want.size(); ++k) {
        const std::string& name = graph.outputs()[k].name;
        test::expect_near(got.at(name), want[k],
                          "seed " + std::to_string(seed) + " batch " + std::to_string(batch) +
                              " output " + name + "\n" + print(graph));
        if (HasFatalFailure()) return;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, RandomGraphs, testing::ValuesIn(kWays),
                         [](const auto& i) { return std::string(i.param.name); });

}  // namespace
}  // namespace tenfold
