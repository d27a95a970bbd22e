// A network with a branch and a loop as a plan for a GPU, built and recorded without one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backends/cuda/driver/compile_text.h"
#include "backends/cuda/driver/device.h"
#include "tenfold/compile.h"
#include "tenfold/engine.h"
#include "tests/support/flow_graph.h"

namespace tenfold {
namespace {

using ::testing::HasSubstr;

TEST(CudaFlow, IsBuiltAndRecorded) {
  const Target target = Target::parse("cuda:h200");
  if (const Verdict can = cuda::can_compile(cuda::arch_of(target)); !can)
    GTEST_SKIP() << can.reason;
  CompileOptions options;
  options.timing = false;
  options.exclude_rows = {"cudnn.", "cublaslt."};
  const Plan plan = compile(parse_graph(test::kFlowGraph), target, options);
  ASSERT_EQ(plan.sections[0].programs.size(), 4u);
  for (const Program& program : plan.sections[0].programs)
    for (const Step& step : program.steps)
      EXPECT_TRUE(step.row.empty() || step.row.rfind("cuda.", 0) == 0)
          << step.name << " is run by " << step.row;
  const auto context = Engine::create(plan, cuda::open_log_device(target), {})->create_context();
  context->set_recorder(RecorderKind::kLog);
  context->set_batch(2);
  context->bind();
  EXPECT_THAT(context->recorded(), HasSubstr("if 'r'\n"));
  EXPECT_THAT(context->recorded(), HasSubstr("loop 'y'\n"));
  EXPECT_THAT(context->recorded(), HasSubstr("  kernel "));
}

}  // namespace
}  // namespace tenfold
