// How far the reference kernels are, by graph and by plan.
#include <gtest/gtest.h>

#include "tenfold/compile.h"
#include "tenfold/engine.h"
#include "tests/compile/net_support.h"
#include "tests/support/random_tensor_support.h"

namespace tenfold {
namespace {

Graph two_convolutions() {
  test::Net net(16);
  const ValueId small = net.conv(net.x, 4, 1, "small", true);
  return net.done(net.conv(small, 32, 3, "large", true));
}

const Extents kDims{2, 16, 6, 7};

void expect_rising(const std::vector<Progress>& told, size_t least) {
  ASSERT_GE(told.size(), least);
  EXPECT_GT(told.front().done, 0);
  EXPECT_LT(told.front().done, told.front().total / 2);  // the small convolution is the first
  for (size_t k = 1; k < told.size(); ++k) EXPECT_LE(told[k - 1].done, told[k].done);
  EXPECT_EQ(told.back().done, told.back().total);
}

TEST(ReferenceProgress, IsToldByWork) {
  const Graph graph = two_convolutions();
  const auto x = test::random_tensor(DType::kF32, kDims, 3);
  std::vector<Progress> told;
  const ProgressFn listen = [&](const Progress& p) {
    told.push_back(p);
    return true;
  };
  const Tensor want = evaluate_reference(graph, {{"x", x}}).at(0);
  test::expect_close(evaluate_reference(graph, {{"x", x}}, listen).at(0), want, 0, 0);
  expect_rising(told, 2);

  CompileOptions options;
  options.timing = false;
  const Plan plan = compile(graph, host_device()->target(), options);
  EngineOptions reference;
  reference.reference = true;
  reference.progress = listen;
  const auto context = Engine::create(plan, host_device(), reference)->create_context();
  for (int run = 0; run < 2; ++run) {
    told.clear();
    test::expect_close(context->run({{"x", x}}).begin()->second, want, 1e-6, 1e-6);
    expect_rising(told, 2);
  }
}

TEST(ReferenceProgress, WhoWantsNoMoreCancels) {
  try {
    (void)evaluate_reference(two_convolutions(),
                             {{"x", test::random_tensor(DType::kF32, kDims, 3)}},
                             [](const Progress&) { return false; });
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kCancelled);
  }
}

}  // namespace
}  // namespace tenfold
