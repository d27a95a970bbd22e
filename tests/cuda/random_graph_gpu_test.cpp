// Random graphs on a GPU compute what the reference computes, by own kernels and by all.
#include <cstdlib>

#include "tests/support/gpu_test.h"
#include "tests/support/random_graph.h"

namespace tenfold {
namespace {

class GpuRandomGraphs : public test::GpuTest {
 protected:
  void check(uint64_t seed, const CompileOptions& options) {
    test::RandomGraph random(seed, true);
    const Graph graph = random.build();
    const Plan plan = compile(graph, target(), options, options.timing ? device_.get() : nullptr);
    test::expect_reference(random, graph, Engine::create(plan, device_), {2, 1}, seed,
                           options.fp16);
  }

  void check_some(const CompileOptions& options) {
    const char* const again = std::getenv("TENFOLD_TEST_SEED");  // of a run that failed
    const uint64_t first = again ? std::strtoull(again, nullptr, 10) : test::fresh_seed();
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

TEST_F(GpuRandomGraphs, InHalf) {
  CompileOptions options;
  options.timing = false;
  options.fp16 = true;
  check_some(options);
}

TEST_F(GpuRandomGraphs, InHalfByOwnKernels) {
  CompileOptions options;
  options.timing = false;
  options.fp16 = true;
  options.exclude_rows = {"cudnn.", "cublaslt."};
  check_some(options);
}

}  // namespace
}  // namespace tenfold
