// Plans with steps that decide at run time: what the verifier refuses, what people read about them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/flow_plans.h"

namespace tenfold::test {
namespace {

using ::testing::HasSubstr;

std::string refusal(const Plan& plan) {
  try {
    plan.verify();
    return "accepted";
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kInvalid) << e.what();
    return e.full();
  }
}

std::vector<Program>& programs(Plan& p) { return p.sections[0].programs; }
Step& step(Plan& p, size_t program = 0, size_t k = 0) { return programs(p)[program].steps[k]; }

struct Case {
  const char* reason;
  Plan (*plan)();
  void (*breaks)(Plan&);
};

const Case kCases[] = {
    {"not a later one", branch_plan, [](Plan& p) { step(p).programs[0] = 0; }},
    {"not a later one", branch_plan, [](Plan& p) { step(p).programs[1] = 3; }},
    {"not a later one", branch_plan,
     [](Plan& p) {  // recursion by two programs
       step(p, 1).kind = StepKind::kCall;
       step(p, 1).programs = {0};
     }},
    {"it calls 1 programs, not 2", branch_plan, [](Plan& p) { step(p).programs.pop_back(); }},
    {"can call no program", branch_plan, [](Plan& p) { step(p, 1).programs = {2}; }},
    {"the condition is not one bool", branch_plan,
     [](Plan& p) { p.sections[0].bindings[0] = binding_of("c", "f32[]", true); }},
    {"the condition is not one bool", branch_plan,
     [](Plan& p) { p.sections[0].bindings[0] = binding_of("c", "bool[2]", true); }},
    {"the condition is missing", branch_plan, [](Plan& p) { step(p).inputs[0] = {}; }},
    {"input 1 is missing", branch_plan, [](Plan& p) { step(p).inputs[1] = {}; }},
    {"writes to input", branch_plan, [](Plan& p) { step(p, 1).outputs[0] = binding_at(0); }},
    {"binding 2 does not exist", branch_plan,
     [](Plan& p) { step(p, 1).inputs[0] = binding_at(2); }},
    {"is not written whole", branch_plan, [](Plan& p) { programs(p)[1].steps.clear(); }},
    {"writes to input 'x'", branch_plan, [](Plan& p) { step(p).outputs[0] = binding_at(1); }},
    {"may leave the called program's range", branch_plan,
     [](Plan& p) { programs(p)[0].symbols[0].max = 9; }},
    {"the caller does not know symbol 'M'", branch_plan,
     [](Plan& p) { programs(p)[1].symbols.push_back({"M", 0, 3, 1, false}); }},
    {"'N' has no value", branch_plan, [](Plan& p) { programs(p)[1].symbols.clear(); }},
    {"operand is larger than the value", branch_plan,
     [](Plan& p) { p.sections[0].bindings[1] = binding_of("x", "f32[N,3]", true); }},
    {"configuration is not", loop_plan, [](Plan& p) { step(p).tactic = "twice"; }},
    {"configuration is not", loop_plan, [](Plan& p) { step(p).tactic = "carried=1 count="; }},
    {"configuration is not", loop_plan, [](Plan& p) { step(p).tactic = "carried=-1"; }},
    {"carries more values", loop_plan, [](Plan& p) { step(p).tactic = "carried=3 count=K"; }},
    {"carries more values", loop_plan, [](Plan& p) { step(p).tactic = "carried=4294967295"; }},
    {"changes its type", loop_plan, [](Plan& p) { step(p).tactic = "carried=2 count=K"; }},
    {"the trip limit is not one i64", loop_plan,
     [](Plan& p) { p.sections[0].bindings[0] = binding_of("m", "i32[]", true); }},
    {"counts 'Q', which is no counted symbol", loop_plan,
     [](Plan& p) { step(p).tactic = "carried=1 count=Q"; }},
    {"counts 'N', which is no counted symbol", loop_plan,
     [](Plan& p) { step(p).tactic = "carried=1 count=N"; }},
    {"which is the caller's", loop_plan,
     [](Plan& p) {
       Program& body = programs(p)[1];
       body.symbols.push_back(programs(p)[0].symbols[1]);
       Step count;
       count.kind = StepKind::kReadBack;
       count.tactic = "K";
       count.inputs = {binding_at(0)};
       body.steps.push_back(count);
     }},
    {"asks for 'K' before it is counted", loop_plan, [](Plan& p) { step(p, 0, 1).deps.clear(); }},
    {"'Q' has no value", loop_plan, [](Plan& p) { step(p, 0, 1).tactic = "2*Q"; }},
    {"", loop_plan, [](Plan& p) { step(p, 0, 1).tactic = "2*("; }},
    {"", loop_plan, [](Plan& p) { step(p, 0, 1).tactic = "K*K*9223372036854775807"; }},
    {"another number of operands", loop_plan,
     [](Plan& p) { step(p, 0, 1).inputs = {binding_at(0)}; }},
    {"its result is not one i64", loop_plan,
     [](Plan& p) { p.sections[0].bindings[6] = binding_of("n", "f32[]", false); }},
    {"its value is not one i64 or bool", count_plan,
     [](Plan& p) { step(p, 0, 1).inputs[0] = binding_at(0); }},
    {"'K' is counted twice", count_plan,
     [](Plan& p) { programs(p)[0].steps.push_back(step(p, 0, 1)); }},
    {"which no step that it waits for writes", count_plan,
     [](Plan& p) { step(p, 0, 1).deps.clear(); }},
};

TEST(PlanFlow, SoundPlansAreAccepted) {
  for (const auto& make : {branch_plan, loop_plan, count_plan}) {
    const Plan plan = make();
    EXPECT_EQ(refusal(plan), "accepted");
    const Plan back = Plan::deserialize(plan.serialize(), {true});
    EXPECT_EQ(back.serialize(), plan.serialize());
    EXPECT_TRUE(Plan::diff(plan, back).empty());
  }
}

TEST(PlanFlow, RefusesWhatDoesNotFit) {
  for (const Case& c : kCases) {
    Plan plan = c.plan();
    c.breaks(plan);
    EXPECT_THAT(refusal(plan), HasSubstr(c.reason));
    EXPECT_NE(refusal(plan), "accepted") << c.reason;
  }
}

// `depth` programs, each calling the next `times` times.
Plan tower(uint32_t depth, int times) {
  Plan plan;
  Section s;
  s.target.kind = "cpu";
  for (uint32_t k = 0; k < depth; ++k) {
    ProgramMaker m;
    for (int t = 0; t < times && k + 1 < depth; ++t)
      m.step(StepKind::kCall, "down", "", {}, {}, {k + 1});
    s.programs.push_back(m.program);
  }
  plan.sections.push_back(std::move(s));
  return plan;
}

TEST(PlanFlow, DepthAndUnfoldedSizeAreBounded) {
  EXPECT_EQ(refusal(tower(17, 1)), "accepted");
  EXPECT_THAT(refusal(tower(18, 1)), HasSubstr("16 deep"));
  EXPECT_THAT(refusal(tower(900, 2)), HasSubstr("16 deep"));
  EXPECT_EQ(refusal(tower(8, 3)), "accepted");
  EXPECT_THAT(refusal(tower(17, 8)), HasSubstr("more than 65536 steps"));
  Plan wide = tower(8, 3);  // 2187 calls of the last
  PlanBuffer buffer;
  buffer.format.dtype = DType::kF32;
  buffer.dims = {4};
  programs(wide).back().buffers.assign(20, buffer);
  EXPECT_EQ(refusal(wide), "accepted");
  programs(wide).back().buffers.assign(40, buffer);
  EXPECT_THAT(refusal(wide), HasSubstr("more than 65536 steps or buffers"));
}

TEST(PlanFlow, PeopleAndScriptsSeeIt) {
  const std::string text = loop_plan().describe();
  EXPECT_THAT(text, HasSubstr("loop  loop"));
  EXPECT_THAT(text, HasSubstr("[carried=1 count=K]  runs program 1"));
  EXPECT_THAT(text, HasSubstr("K in 0..6 at 6, counted by a run"));
  EXPECT_THAT(text, HasSubstr("program 1, called: "));
  EXPECT_THAT(branch_plan().describe(), HasSubstr("runs program 1 or 2"));
  EXPECT_THAT(branch_plan().describe_json(), HasSubstr("\"programs\":[1,2]"));
  EXPECT_THAT(loop_plan().describe_json(), HasSubstr("\"counted\":true"));
  Plan other = branch_plan();
  programs(other)[0].steps[0].programs = {2, 1};
  EXPECT_FALSE(Plan::diff(branch_plan(), other).empty());
}

}  // namespace
}  // namespace tenfold::test
