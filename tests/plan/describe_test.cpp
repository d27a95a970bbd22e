// What people and scripts read about a plan.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/sample_plans.h"

namespace tenfold::test {
namespace {

using ::testing::HasSubstr;

Plan described_plan() {
  Plan plan = small_plan();
  plan.sections[0].target.name = "x86-64-v2";
  plan.sections[0].programs[0].steps[0].tuned_us = 12.34;
  plan.sections[0].programs[0].steps[1].estimated_us = 2;
  plan.sections[0].programs[0].steps[1].tactic = "tile=8";
  plan.preprocess = {
      true, 3, true, 28, 28, "fill", "data", "mean pixel of mean.binaryproto", {104, 117, 123}};
  return plan;
}

TEST(PlanDescribe, IsReadable) {
  EXPECT_EQ(described_plan().describe(),
            "plan 'small' by test\n"
            "  labels: 4\n"
            "  pictures to input 'data': fill to 28x28, BGR, borders of color 104,117,123; "
            "mean pixel of mean.binaryproto\n"
            "  model: by hand\n"
            "section 0 for cpu x86-64-v2, computing in f32\n"
            "  input data: f32[N,2,6,6]\n"
            "  output out: f32[N,4,6,6]\n"
            "  constants: 2 stored (304 B), 1 by recipe\n"
            "  program 0: N in 0..8 at 1; 2 steps, 1 buffers\n"
            "    activations: 576 B as tuned (lower bound 576 B), 4.6 kB at most\n"
            "    0   conv   ref.Conv       12.3 us\n"
            "    1   scale  ref.Pointwise  ~2.0 us       [tile=8]\n"
            "    taps: conv\n");
}

TEST(PlanDescribe, VerboseShowsProblems) {
  const std::string text = described_plan().describe(true);
  EXPECT_THAT(text, HasSubstr("out0=relu(add(acc,in2))"));
  EXPECT_THAT(text, HasSubstr("@w2 = Pointwise("));
}

TEST(PlanDescribe, JsonHasStepsAndMemory) {
  Plan plan = described_plan();
  plan.metadata["quote\"d"] = "line\nbreak";
  const std::string json = plan.describe_json();
  EXPECT_THAT(json, HasSubstr(R"("name":"conv","row":"ref.Conv","tactic":"")"));
  EXPECT_THAT(json, HasSubstr(R"("tuned":{"peak":576,"lower_bound":576})"));
  EXPECT_THAT(json, HasSubstr(R"("quote\"d":"line\u000abreak")"));
  EXPECT_THAT(json, HasSubstr(R"("tuned_us":12.34)"));
  EXPECT_EQ(std::count(json.begin(), json.end(), '{'), std::count(json.begin(), json.end(), '}'));
}

TEST(PlanDescribe, JsonIsUtf8WhateverNamesAre) {
  Plan plan = described_plan();
  plan.name =
      "gr\xc3\xb6\xc3\x9f"
      "e \xff\xc3 \xed\xa0\x80 \xf0\x9f\x98\x80 \xe2\x82";
  EXPECT_THAT(plan.describe_json(),
              HasSubstr("\"name\":\"gr\xc3\xb6\xc3\x9f"
                        "e \xef\xbf\xbd\xef\xbf\xbd "
                        "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xf0\x9f\x98\x80 "
                        "\xef\xbf\xbd\xef\xbf\xbd\""));
}

TEST(PlanDescribe, PrecisionIsThatOfTheCoarsestStep) {
  Section section = small_plan().sections[0];
  std::vector<Step>& steps = section.programs[0].steps;
  EXPECT_EQ(precision_of(section), DType::kF32);
  steps[0].problem.compute = DType::kTF32;
  EXPECT_EQ(precision_of(section), DType::kTF32);
  steps[1].problem.inputs[0].format.dtype = DType::kF16;
  EXPECT_EQ(precision_of(section), DType::kF16);
  steps[1].problem.outputs[0].format.dtype = DType::kBF16;
  EXPECT_EQ(precision_of(section), DType::kBF16);
  steps[0].problem.inputs[0].format.dtype = DType::kI8;  // integers say nothing
  EXPECT_EQ(precision_of(section), DType::kBF16);
}

TEST(PlanDiff, TellsRowsTacticsFormatsAndTimes) {
  const Plan a = described_plan();
  EXPECT_TRUE(Plan::diff(a, a).empty());
  Plan b = a;
  Program& p = b.sections[0].programs[0];
  p.steps[0].row = "onednn.conv";
  p.steps[0].tuned_us = 3;
  p.steps[1].tactic.clear();
  p.steps[1].problem.outputs[0].format.layout = Layout::channels_last();
  EXPECT_THAT(Plan::diff(a, b),
              ::testing::ElementsAre(
                  "section 0, program 0, step 'conv': row ref.Conv | onednn.conv",
                  "section 0, program 0, step 'conv': tuned 12.3 us | 3.0 us",
                  "section 0, program 0, step 'scale': tactic tile=8 | none",
                  "section 0, program 0, step 'scale': formats f32:linear -> f32:linear | "
                  "f32:linear -> f32:cl"));
  p.steps.pop_back();
  EXPECT_THAT(
      Plan::diff(a, b),
      ::testing::Contains("section 0, program 0: step 'scale' (ref.Pointwise) only in the first"));
}

TEST(PlanSections, TheBestFits) {
  Plan plan = small_plan();
  plan.sections[0].target = Target::parse("cuda:h200");
  plan.sections.push_back(small_plan().sections[0]);
  const Target cpu = Target::parse("cpu");
  EXPECT_EQ(&plan.section_for(cpu), &plan.sections[1]);
  EXPECT_EQ(&plan.section_for(Target::parse("cuda:h200")), &plan.sections[0]);
  EXPECT_EQ(&plan.section_for(Target::parse("cuda:h100")), &plan.sections[0]);
  try {
    plan.section_for(Target::parse("cuda:a100"));
    FAIL() << "an sm_80 machine runs no sm_90 section";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kUnsupported);
    EXPECT_THAT(e.full(), HasSubstr("--target cuda:sm_80"));
    EXPECT_THAT(e.full(), HasSubstr("it has one for cpu"));
  }
}

}  // namespace
}  // namespace tenfold::test
