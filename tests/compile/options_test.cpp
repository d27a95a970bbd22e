// What callers ask of compile() beside the graph.
#include <algorithm>

#include <gtest/gtest.h>

#include "tenfold/compile.h"
#include "tests/compile/net_support.h"

namespace tenfold {
namespace {

Graph small() {
  test::Net net(4);
  return net.done(net.relu(net.conv(net.x, 8, 3, "c"), "r"));
}
CompileOptions untimed() {
  CompileOptions options;
  options.timing = false;
  return options;
}
const Target kCpu = Target::parse("cpu:x86-64-v3");

TEST(CompileOptions, WhatDoesNotGoWithGraphOrTargetIsRefused) {
  const std::shared_ptr<Device> device = open_device({"cpu", 0});
  const auto reason = [&](const Target& target, const CompileOptions& options) -> std::string {
    try {
      (void)compile(small(), target, options, device.get());
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kInvalid);
      return e.full();
    }
    return {};
  };
  const auto has = [](const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  };
  const std::string other = reason(Target::parse("cuda:h200"), {});
  EXPECT_TRUE(has(other, "cuda") && has(other, "cpu")) << other;
  EXPECT_TRUE(has(reason(Target::parse("cpu:arm64"), {}), "arm64"));
  CompileOptions misspelt;
  misspelt.profiles.emplace_back();
  misspelt.profiles[0].tune.set("M", 8);
  misspelt.profiles[0].range["M"] = {1, 8};
  EXPECT_TRUE(has(reason(device->target(), misspelt), "'M'"));
  CompileOptions none;
  none.tactics_per_row = 0;
  EXPECT_TRUE(has(reason(device->target(), none), "tactic"));
  CompileOptions ago;
  ago.seconds_limit = -1;
  EXPECT_TRUE(has(reason(device->target(), ago), "time"));
  for (const int threads : {-1, 1 << 20}) {
    CompileOptions many;
    many.threads = threads;
    EXPECT_TRUE(has(reason(device->target(), many), "threads")) << threads;
    const Plan plan = compile(small(), kCpu, untimed());
    EXPECT_THROW((void)Engine::create(plan, device, {.threads = threads}), Error);
  }
}

TEST(CompileOptions, OutputsThatBearAnInputsNameAreRefused) {
  const Graph graph = parse_graph("graph g(x: f32[2]) -> x, y=x {\n}\n");
  try {
    (void)compile(graph, kCpu, untimed());
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kInvalid);
    EXPECT_NE(e.full().find("output 'x' bears an input's name"), std::string::npos) << e.full();
  }
}

// A value whose permitted types are its own type alone is stored in it, whatever the build permits.
TEST(CompileOptions, PinnedValuesKeepTheirType) {
  const auto type_of_middle = [](bool pinned) {
    test::Net net(8);
    const ValueId middle = net.conv(net.x, 16, 3, "middle");
    Graph graph = net.done(net.conv(middle, 16, 3, "last"));
    if (pinned) graph.set_permitted(*graph.find_value("middle"), {DType::kF32});
    CompileOptions options = untimed();
    options.fp16 = true;
    const Plan plan = compile(graph, Target::parse("cuda:h200"), options);
    for (const Step& step : plan.sections[0].programs[0].steps)
      if (step.name.find("middle") != std::string::npos && step.problem.op == "Conv")
        return step.problem.outputs[0].format.dtype;
    ADD_FAILURE() << "no step computes it";
    return DType::kBool;
  };
  EXPECT_EQ(type_of_middle(false), DType::kF16);
  EXPECT_EQ(type_of_middle(true), DType::kF32);
}

// Inside an expression, too, where the type has fewer digits than it is computed in.
TEST(CompileOptions, PinnedValuesAreRounded) {
  Graph graph =
      parse_graph("graph g(x: f16[1]) -> y {\n  v = Mul(x, x)\n  y = Cast(v) {to=\"f64\"}\n}\n");
  const auto result = [&] {
    Tensor x(DType::kF16, {1});
    store_element(DType::kF16, x.mutable_data(), 0, 1.0009765625);
    const std::shared_ptr<Device> device = open_device({"cpu", 0});
    const auto engine = Engine::create(compile(graph, kCpu, untimed()), device);
    EXPECT_EQ(engine->section().programs[0].steps.size(), 1u);
    return engine->create_context()->run({{"x", x}}).at("y").at(0);
  };
  EXPECT_EQ(result(), 1.0009765625 * 1.0009765625);
  graph.set_permitted(*graph.find_value("v"), {DType::kF16});
  EXPECT_EQ(result(), 1.001953125);
}

// More steps than a plan holds are a limit of ours, told before the search.
TEST(CompileOptions, NetworksOfTooManyStepsAreALimit) {
  test::Net net(1);
  ValueId v = net.x;
  for (int k = 0; k <= 1 << 14; ++k)
    v = net.b.node(
        "MaxPool", {v},
        {{"kernel", std::vector<int64_t>{1, 2}}, {"pads", std::vector<int64_t>{0, 0, 0, 1}}});
  const Graph graph = net.done(v);
  try {
    (void)compile(graph, kCpu, untimed());
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kResource) << e.full();
    EXPECT_NE(e.full().find("16385"), std::string::npos) << e.full();
  }
}

TEST(CompileOptions, WhatATimeLimitLeavesIsToldOnce) {
  const std::shared_ptr<Device> device = open_device({"cpu", 0});
  CompileOptions options;
  options.seconds_limit = 0.00025;
  Explanation e;
  (void)compile(small(), device->target(), options, device.get(), &e);
  const auto told = std::count_if(e.remarks.begin(), e.remarks.end(), [](const std::string& r) {
    return r.find("untimed") != std::string::npos;
  });
  EXPECT_EQ(told, 1) << e.text();
  EXPECT_NE(e.text().find("limit of 0.00025 s"), std::string::npos) << e.text();
}

TEST(CompileOptions, PlansForProcessorsArePortable) {
  EXPECT_TRUE(compile(small(), kCpu, untimed()).sections.at(0).portable);
}

}  // namespace
}  // namespace tenfold
