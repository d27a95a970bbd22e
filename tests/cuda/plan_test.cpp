// Plans for a GPU, built, printed and recorded without one, of our own rows alone.
#include <algorithm>

#include <gtest/gtest.h>

#include "backends/cuda/driver/compile_text.h"
#include "backends/cuda/driver/device.h"
#include "tenfold/compile.h"
#include "tenfold/engine.h"
#include "tenfold/import.h"

namespace tenfold {
namespace {

class LogPlans : public ::testing::TestWithParam<bool> {};

TEST_P(LogPlans, RecordADigitNetwork) {
  const Target target = Target::parse("cuda:h200");
  if (const Verdict can = cuda::can_compile(cuda::arch_of(target)); !can)
    GTEST_SKIP() << can.reason;
  const ImportedModel model = import_model({TENFOLD_EXAMPLES_DIR "/digits/digits.tar.gz"});
  ASSERT_FALSE(model.failed);
  CompileOptions options;
  options.timing = false;
  options.fp16 = GetParam();
  options.exclude_rows = {"cudnn.", "cublaslt."};
  const Plan plan = compile(model.graph, target, options);
  plan.verify();
  for (const Step& step : plan.sections.at(0).programs.at(0).steps)
    EXPECT_EQ(step.row.rfind("cuda.", 0), 0u) << step.name << " is run by " << step.row;
  EXPECT_FALSE(plan.sections[0].artifacts.empty());
  EXPECT_EQ(compile(model.graph, target, options).serialize(), plan.serialize());
  const Plan loaded = Plan::deserialize(plan.serialize());

  const auto engine = Engine::create(loaded, cuda::open_log_device(target), {});
  const auto context = engine->create_context();
  context->set_recorder(RecorderKind::kLog);
  context->set_batch(2);
  context->bind();
  const std::string text = context->recorded();
  EXPECT_NE(text.find("kernel cuda_softmax grid=2x1x1"), std::string::npos) << text;
  EXPECT_NE(text.find("kernel cuda_pool"), std::string::npos) << text;
}

// Caffe's last layer that asks for several classes: reversed, ordered, counted from the end again.
TEST_P(LogPlans, RecordTheLargestOfALayer) {
  const Target target = Target::parse("cuda:h200");
  if (const Verdict can = cuda::can_compile(cuda::arch_of(target)); !can)
    GTEST_SKIP() << can.reason;
  ImportOptions import;
  import.raw_input = true;
  const ImportedModel model =
      import_model_memory({{"top.prototxt",
                            "input: 'data' input_shape { dim: 1 dim: 4 dim: 3 dim: 3 }"
                            "layer { name: 'prob' type: 'Softmax' bottom: 'data' top: 'prob' }"
                            "layer { name: 'top' type: 'ArgMax' bottom: 'prob' top: 'top'"
                            " argmax_param { top_k: 3 axis: 1 } }"
                            "layer { name: 'both' type: 'ArgMax' bottom: 'data' top: 'both'"
                            " argmax_param { top_k: 5 out_max_val: true } }"}},
                          import);
  ASSERT_FALSE(model.failed);
  CompileOptions options;
  options.timing = false;
  options.fp16 = GetParam();
  const Plan plan = compile(model.graph, target, options);
  const auto engine = Engine::create(plan, cuda::open_log_device(target), {});
  const auto context = engine->create_context();
  context->set_recorder(RecorderKind::kLog);
  context->set_batch(2);
  context->bind();
  const std::string text = context->recorded();
  const size_t first = text.find("kernel cuda_top_k");
  ASSERT_NE(first, std::string::npos) << text;
  EXPECT_NE(text.find("kernel cuda_top_k", first + 1), std::string::npos) << text;
}

// More pieces than a kernel takes arguments.
TEST_P(LogPlans, RecordJoinsOfManyPieces) {
  const Target target = Target::parse("cuda:h200");
  if (const Verdict can = cuda::can_compile(cuda::arch_of(target)); !can)
    GTEST_SKIP() << can.reason;
  GraphBuilder b("many");
  b.symbol({"N", 1, 4, 1});
  const ValueId x = b.input("x", DType::kF32, parse_shape("N,150,2,2"));
  std::vector<ValueId> pieces = b.nodes("Split", {x}, 150, {{"axis", 1}});
  std::reverse(pieces.begin(), pieces.end());
  b.output(b.node("Concat", pieces, {{"axis", 1}}), "y");
  CompileOptions options;
  options.timing = false;
  options.fp16 = GetParam();
  const auto engine =
      Engine::create(compile(b.finish(), target, options), cuda::open_log_device(target), {});
  const auto context = engine->create_context();
  context->set_recorder(RecorderKind::kLog);
  context->set_batch(2);
  context->bind();
  EXPECT_NE(context->recorded().find("kernel cuda_"), std::string::npos) << context->recorded();
}

INSTANTIATE_TEST_SUITE_P(Types, LogPlans, ::testing::Values(false, true),
                         [](const auto& info) { return info.param ? "f16" : "f32"; });

}  // namespace
}  // namespace tenfold
