// Random graphs on a GPU compute what the reference computes, in FP32, by own kernels and by all.
#include <iostream>

#include "tenfold/compile.h"
#include "tenfold/engine.h"
#include "tests/support/gpu_test.h"
#include "tests/support/random_graph.h"

namespace tenfold {
namespace {

class GpuRandomGraphs : public test::GpuTest {
 protected:
  void check(uint64_t seed, const CompileOptions& options) {
    test::RandomGraph random(seed, true);
    const Graph graph = random.build();
    const Shape& shape = graph.type(graph.inputs()[0]).shape;
    const Plan plan = compile(graph, target(), options, options.timing ? device_.get() : nullptr);
    const auto engine = Engine::create(plan, device_);
    const auto context = engine->create_context();
    for (const int64_t batch : {2, 1}) {
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
      }
    }
  }

  void check_some(const CompileOptions& options) {
    const uint64_t first = test::fresh_seed();
    std::cout << "seed " << first << "\n";
    for (uint64_t seed = first; seed < first + 8 && !HasFailure(); ++seed) check(seed, options);
  }
};

TEST_F(GpuRandomGraphs, ByOwnKernels) {
  CompileOptions options;
  options.timing = false;
  options.exclude_rows = {"cudnn.", "cublaslt."};
  check_some(options);
}

TEST_F(GpuRandomGraphs, ByAllKernels) {
  CompileOptions options;
  options.timing = false;
  check_some(options);
}

TEST_F(GpuRandomGraphs, ByTimes) {
  CompileOptions options;
  options.exclude_rows = {"cudnn.", "cublaslt."};
  check_some(options);
}

}  // namespace
}  // namespace tenfold
