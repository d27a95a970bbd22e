// The plan half of cudnn.conv: texts, refusals, formats, and engines for machines that are
// elsewhere.
#include <gtest/gtest.h>

#include "backends/cuda/cudnn/engines.h"
#include "backends/cuda/driver/device.h"

namespace tenfold::cuda {
std::unique_ptr<Row> cudnn_conv();
}

namespace tenfold::cuda::cudnn {
namespace {

Problem conv(const std::string& operands, const std::string& attrs, const std::string& rest) {
  return Problem::parse("Conv(" + operands + ") {" + attrs + "} " + rest +
                        " | compute=f32 acc=f32 | N in 0..64 at 8");
}
const char* const kThreeByThree =
    "dilations=[1,1], group=1, kernel=[3,3], pads=[1,1,1,1], strides=[1,1]";

Problem bottleneck() {
  return conv("f32[N,64,56,56], @f32[256,64,1,1], @f32[256,1,1], f32[N,256,56,56]",
              "dilations=[1,1], group=1, kernel=[1,1], pads=[0,0,0,0], strides=[1,1]",
              "out0=relu(add(add(acc,in2),in3)) -> f32[N,256,56,56]");
}

TEST(CudnnTactic, TextRoundTrip) {
  const std::string text = "graph=B engine=41 knobs=2:7,13:1,18:-1 ws=458943";
  const EngineChoice choice = EngineChoice::parse(text);
  EXPECT_EQ(choice.form, GraphForm::kBiasFirst);
  EXPECT_EQ(choice.engine, 41);
  ASSERT_EQ(choice.knobs.size(), 3u);
  EXPECT_EQ(choice.knobs[2], (std::pair<int, int64_t>{18, -1}));
  EXPECT_EQ(choice.workspace, 458943);
  EXPECT_EQ(choice.str(), text);
  EXPECT_EQ(EngineChoice::parse("graph=A engine=0 knobs= ws=0").str(),
            "graph=A engine=0 knobs= ws=0");
}

TEST(CudnnTactic, MalformedTextsAreRefused) {
  for (const char* text :
       {"", "graph=A", "graph=C engine=1 knobs= ws=0", "graph=A engine=x knobs= ws=0",
        "graph=A engine=1 knobs=2 ws=0", "graph=A engine=1 knobs=2: ws=0",
        "graph=A engine=1 knobs=99999999:1 ws=0", "graph=A engine=1 knobs=2:1;3:1 ws=0",
        "graph=A engine=1 knobs= ws=-1", "graph=A engine=1 knobs= ws=99999999999"}) {
    try {
      (void)EngineChoice::parse(text);
      ADD_FAILURE() << "taken: '" << text << "'";
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kInvalid) << text;
    }
  }
}

TEST(CudnnConv, RefusalsNameTheirReason) {
  const auto reason = [](const Problem& p) { return check_conv(p).reason; };
  EXPECT_EQ(reason(bottleneck()), "");
  EXPECT_NE(reason(conv("f32[N,8,9,9], @f32[8,8,3,3]",
                        "dilations=[1,1], group=1, kernel=[3,3], pads=[0,1,1,1], strides=[1,1]",
                        "-> f32[N,8,8,9]"))
                .find("both sides"),
            std::string::npos);
  EXPECT_NE(
      reason(conv("f32[N,8,9], @f32[8,8,3]",
                  "dilations=[1], group=1, kernel=[3], pads=[1,1], strides=[1]", "-> f32[N,8,9]"))
          .find("two spatial"),
      std::string::npos);
  EXPECT_NE(
      reason(conv("f32[N,8,9,9], @f32[8,8,3,3]", kThreeByThree, "out0=exp(acc) -> f32[N,8,9,9]"))
          .find("epilogue"),
      std::string::npos);
  EXPECT_NE(reason(conv("f32[N,8,9,9], @f32[8,8,3,3]", kThreeByThree,
                        "out0=clip(acc,-1,6) -> f32[N,8,9,9]"))
                .find("starts at 0"),
            std::string::npos);
  EXPECT_NE(
      reason(conv("f32[N,8,9,9], @f32[8,8,3,3]", kThreeByThree, "out0=tanh(acc) -> f32[N,8,9,9]"))
          .find("tanh"),
      std::string::npos);
  EXPECT_NE(reason(conv("f32[N,8,1,1], @f32[8,8,1,1], f32[N,8,1,1]",
                        "dilations=[1,1], group=1, kernel=[1,1], pads=[0,0,0,0], strides=[1,1]",
                        "out0=add(acc,in2) -> f32[N,8,1,1]"))
                .find("one pixel"),
            std::string::npos);
  Problem mixed = bottleneck();
  mixed.closed = true;
  mixed.inputs[0].format = {DType::kF16, Layout::channels_last()};
  EXPECT_NE(reason(mixed).find("one type"), std::string::npos);
}

TEST(CudnnConv, FormatsPadTheChannelsOfTensorCores) {
  const auto row = cudnn_conv();
  const Target target = Target::parse("cuda:h200");
  const Problem first = conv("f32[N,3,32,32], @f32[16,3,3,3], @f32[16,1,1]", kThreeByThree,
                             "out0=relu(add(acc,in2)) -> f32[N,16,32,32]");
  const auto tuples = row->formats(first, target, {DType::kF32, DType::kF16});
  ASSERT_FALSE(tuples.empty());
  EXPECT_EQ(tuples[0].inputs[0].str(), "f16:cl/pad4");
  EXPECT_EQ(tuples[0].inputs[1].str(), "f16:cl/pad4");
  EXPECT_EQ(tuples[0].inputs[2].str(), "f16:linear");
  EXPECT_EQ(tuples[0].outputs[0].str(), "f16:cl");
  const auto plain = row->formats(first, target, {DType::kF32});
  ASSERT_EQ(plain.size(), 2u);
  for (const FormatTuple& t : plain) {
    EXPECT_EQ(t.compute, DType::kF32);
    EXPECT_EQ(t.outputs[0].dtype, DType::kF32);
  }
  for (const FormatTuple& t : row->formats(first, target, {DType::kF32, DType::kF16, DType::kTF32}))
    EXPECT_TRUE(check_conv(close_problem(first, t))) << check_conv(close_problem(first, t)).reason;
}

TEST(CudnnConv, PaddedChannelsAreRealOnesForTheLibrary) {
  Problem p = conv("f32[N,3,32,32], @f32[16,3,3,3]", kThreeByThree, "-> f32[N,16,32,32]");
  const auto row = cudnn_conv();
  p = close_problem(p, row->formats(p, {}, {DType::kF16}).at(0));
  const ConvSpec spec = conv_spec(p.bind({{"N", 2}}));
  EXPECT_EQ(spec.x.dims, (std::array<int64_t, 4>{2, 4, 32, 32}));
  EXPECT_EQ(spec.x.strides, (std::array<int64_t, 4>{4096, 1, 128, 4}));
  EXPECT_EQ(spec.w.dims, (std::array<int64_t, 4>{16, 4, 3, 3}));
  EXPECT_EQ(spec.w.strides, (std::array<int64_t, 4>{36, 1, 12, 4}));
}

TEST(CudnnConv, SlicesKeepTheirBuffersStrides) {
  const Problem p = Problem::parse(
      "Conv(f16[2,16,9,9]:cl@48, @f16[32,16,3,3]:cl, @f16[32,1,1], f16[2,32,9,9]:cl@64) {" +
      std::string(kThreeByThree) +
      "} out0=relu(add(add(acc,in2),in3)) -> f16[2,32,9,9]:cl@128 | compute=f16 acc=f32 closed");
  ASSERT_TRUE(check_conv(p)) << check_conv(p).reason;
  const ConvSpec spec = conv_spec(p);
  EXPECT_EQ(spec.x.dims, (std::array<int64_t, 4>{2, 16, 9, 9}));
  EXPECT_EQ(spec.x.strides, (std::array<int64_t, 4>{48 * 81, 1, 48 * 9, 48}));
  EXPECT_EQ(spec.residual.strides, (std::array<int64_t, 4>{64 * 81, 1, 64 * 9, 64}));
  EXPECT_EQ(spec.y.strides, (std::array<int64_t, 4>{128 * 81, 1, 128 * 9, 128}));
  EXPECT_EQ(spec.y.packed, (std::array<int64_t, 4>{32 * 81, 1, 32 * 9, 32}));
}

class CudnnPlans : public testing::Test {
 protected:
  void SetUp() override {
    if (!cudnn_api()) GTEST_SKIP() << cudnn_error();
  }
};

// Heuristics and kernels that need no compilation work from a description of the machine.
TEST_F(CudnnPlans, EnginesOfAnAbsentMachineAreFoundAndBuiltByName) {
  const auto row = cudnn_conv();
  for (const char* machine : {"cuda:h200", "cuda:a100"}) {
    const Target target = Target::parse(machine);
    const Descriptor device = describe_device(target);
    for (const FormatTuple& formats :
         row->formats(bottleneck(), target, {DType::kF32, DType::kF16, DType::kTF32})) {
      const Problem closed = close_problem(bottleneck(), formats);
      SCOPED_TRACE(std::string(machine) + " " + closed.str());
      const Verdict verdict = row->supports(closed, target);
      ASSERT_TRUE(verdict) << verdict.reason;
      const std::vector<Tactic> tactics = row->tactics(closed, target);
      ASSERT_FALSE(tactics.empty());
      EXPECT_LE(tactics.size(), 8u);
      EXPECT_EQ(tactics, row->tactics(closed, target));
      // An untimed build takes the first one.
      const ConvSpec spec = conv_spec(closed.bind({{"N", 8}}));
      ConvPlan plan = start_plan(spec, EngineChoice::parse(tactics.front()), nullptr, &device);
      plan.finish();
      EXPECT_EQ(plan.workspace, EngineChoice::parse(tactics.front()).workspace);
      EXPECT_EQ(row->needs(closed, tactics.front(), target).step_scratch, plan.workspace);
      // The plan's program serves other batches with the same engine.
      for (const int64_t n : {1, 64}) {
        ConvPlan other = start_plan(conv_spec(closed.bind({{"N", n}})),
                                    EngineChoice::parse(tactics.front()), nullptr, &device);
        other.finish();
        EXPECT_LE(other.workspace, kWorkspaceCap) << "N=" << n;
      }
    }
  }
}

// The library accepts the operation graph of every epilogue in every form (engines are another
// matter).
TEST_F(CudnnPlans, EveryEpilogueIsAGraph) {
  for (const char* expr :
       {"acc", "relu(acc)", "add(acc,in2)", "relu(add(acc,in2))", "clip(add(acc,in2),0,6)",
        "leakyrelu(add(acc,in2),0.1)", "elu(add(acc,in2),0.5)", "sigmoid(add(acc,in2))",
        "sigmoid(add(add(acc,in2),in3))", "relu(add(add(acc,in3),in2))", "add(add(acc,in2),in3)"}) {
    std::string operands = "f16[N,16,9,9]:cl, @f16[32,16,3,3]:cl";
    if (std::string(expr).find("in2") != std::string::npos) operands += ", @f16[32,1,1]";
    if (std::string(expr).find("in3") != std::string::npos) operands += ", f16[N,32,9,9]:cl";
    Problem p =
        Problem::parse("Conv(" + operands + ") {" + kThreeByThree + "} out0=" + expr +
                       " -> f16[N,32,9,9]:cl | compute=f16 acc=f32 closed | N in 0..64 at 8");
    SCOPED_TRACE(p.str());
    ASSERT_TRUE(check_conv(p)) << check_conv(p).reason;
    const ConvSpec spec = conv_spec(p.bind({{"N", 4}}));
    const auto forms = graph_forms(spec);
    EXPECT_EQ(forms.size(), spec.epilogue.bias >= 0 ? 2u : 1u);
    for (const GraphForm form : forms) EXPECT_NO_THROW((void)build_graph(spec, form, nullptr));
  }
}

// What a plan's step records, without a machine: one foreign command over its operands and scratch.
TEST_F(CudnnPlans, RecordsOneForeignCommandOrNothing) {
  const auto row = cudnn_conv();
  const Target target = Target::parse("cuda:h200");
  const auto device = open_log_device(target);
  const Problem closed =
      close_problem(bottleneck(), row->formats(bottleneck(), target, {DType::kF16}).at(0));
  const auto recorded = [&](int64_t n, const Tactic& tactic) {
    const auto instance = row->attach(nullptr, {closed.bind({{"N", n}}), tactic, *device, 1});
    const auto recorder = device->create_recorder(RecorderKind::kLog);
    const Slot in[] = {{0, 0}, {1, 0}, {2, 0}, {3, 0}}, out[] = {{4, 0}};
    recorder->begin(6);
    recorder->begin_step(0, {});
    row->record(*recorder, {in, out, {5, 0}, {}}, nullptr, *instance);
    std::vector<char> memory(64);
    const std::vector<void*> addresses(6, memory.data());
    recorder->finish(addresses).or_throw();
    return recorder->text();
  };
  const std::string with = recorded(4, "graph=A engine=41 knobs= ws=128");
  EXPECT_NE(with.find("foreign"), std::string::npos) << with;
  EXPECT_NE(with.find("5"), std::string::npos) << with;
  EXPECT_EQ(recorded(0, "graph=A engine=41 knobs= ws=128").find("foreign"), std::string::npos);
}

TEST_F(CudnnPlans, FloatProductsKeepAwayFromTensorCores) {
  const Target target = Target::parse("cuda:h200");
  const Descriptor device = describe_device(target);
  Problem p =
      close_problem(bottleneck(), cudnn_conv()->formats(bottleneck(), target, {DType::kF32}).at(0));
  const auto engines = [&](DType compute) {
    p.compute = compute;
    std::vector<int64_t> ids;
    for (const EngineChoice& c :
         find_engines(conv_spec(p.bind({{"N", 8}})), GraphForm::kAddFirst, device))
      ids.push_back(c.engine);
    return ids;
  };
  const auto exact = engines(DType::kF32), tf32 = engines(DType::kTF32);
  ASSERT_FALSE(exact.empty());
  ASSERT_GT(tf32.size(), exact.size());
  EXPECT_EQ(std::count(exact.begin(), exact.end(), tf32.front()), 0);
}

}  // namespace
}  // namespace tenfold::cuda::cudnn
