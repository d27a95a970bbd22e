// Plan::verify: one broken reference at a time, each refused with its place and reason.
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/sample_plans.h"

namespace tenfold::test {
namespace {

struct Case {
  const char* reason;
  std::function<void(Plan&)> breaks;
};

Section& section(Plan& p) { return p.sections[0]; }
Program& program(Plan& p) { return p.sections[0].programs[0]; }

const std::vector<Case>& cases() {
  static const std::vector<Case> list = {
      {"buffer 9 does not exist", [](Plan& p) { program(p).steps[0].outputs[0].index = 9; }},
      {"constant 7 does not exist", [](Plan& p) { program(p).steps[0].inputs[1].index = 7; }},
      {"binding 5 does not exist", [](Plan& p) { program(p).steps[0].inputs[0].index = 5; }},
      {"another number of operands", [](Plan& p) { program(p).steps[0].inputs.pop_back(); }},
      {"it is missing", [](Plan& p) { program(p).steps[0].inputs[0] = {}; }},
      {"asks for a constant",
       [](Plan& p) { program(p).steps[0].inputs[1] = {ValueRef::Kind::kBinding, 0}; }},
      {"not earlier", [](Plan& p) { program(p).steps[0].deps = {0}; }},
      {"which no step that it waits for writes", [](Plan& p) { program(p).steps[1].deps.clear(); }},
      {"writes to a constant",
       [](Plan& p) {
         program(p).steps[0].kind = StepKind::kScalar;
         program(p).steps[0].outputs[0] = {ValueRef::Kind::kConstant, 1};
       }},
      {"operand is larger than the value",
       [](Plan& p) { program(p).buffers[0].dims = parse_shape("N,4,6,5"); }},
      {"is not written whole",
       [](Plan& p) { section(p).bindings[1].type.shape = parse_shape("N,4,6,7"); }},
      {"writes to input 'data'",
       [](Plan& p) {
         section(p).bindings[0].type.shape = parse_shape("N,4,6,6");
         program(p).steps[1].outputs[0].index = 0;
       }},
      {"row", [](Plan& p) { program(p).steps[0].row.clear(); }},
      {"formats are undecided", [](Plan& p) { program(p).steps[0].problem.closed = false; }},
      {"'N' has no value", [](Plan& p) { program(p).symbols[0].name = "M"; }},
      {"may leave the Problem's range", [](Plan& p) { program(p).symbols[0].max = 9; }},
      {"has an empty range", [](Plan& p) { program(p).symbols[0].min = 9; }},
      {"occurs twice", [](Plan& p) { program(p).symbols.push_back(program(p).symbols[0]); }},
      {"more than 256 symbols",
       [](Plan& p) {
         for (int k = 0; k < 100000; ++k) {
           program(p).symbols.push_back(program(p).symbols[0]);
           program(p).symbols.back().name = "S" + std::to_string(k);
         }
       }},
      {"in a circle",
       [](Plan& p) { program(p).buffers[0].same_as = {ValueRef::Kind::kBuffer, 0}; }},
      {"slice",
       [](Plan& p) {
         program(p).buffers.push_back(program(p).buffers[0]);
         program(p).buffers[1].inside = 0;
         program(p).buffers[1].same_as = {ValueRef::Kind::kBuffer, 0};
       }},
      {"larger than what it shares",
       [](Plan& p) {
         program(p).buffers.push_back(program(p).buffers[0]);
         program(p).buffers[1].inside = 0;
         program(p).buffers[1].axis1_offset = 1;
       }},
      {"begins before",
       [](Plan& p) {
         program(p).buffers.push_back(program(p).buffers[0]);
         program(p).buffers[1].inside = 0;
         program(p).buffers[1].axis1_offset = -1;
       }},
      {"multiple of 16 bytes",
       [](Plan& p) {
         PlanBuffer whole = program(p).buffers[0];
         whole.format.layout = Layout::channels_last();
         PlanBuffer slice = whole;
         slice.format.enclosing = whole.dims[1].value();
         slice.dims[1] = 1;
         slice.axis1_offset = 1;
         slice.inside = static_cast<int32_t>(program(p).buffers.size());
         program(p).buffers.push_back(whole);
         program(p).buffers.push_back(slice);
       }},
      {"opaque", [](Plan& p) { program(p).buffers[0].format.layout.kind = Layout::Kind::kOpaque; }},
      {"cannot be stored", [](Plan& p) { program(p).buffers[0].format.dtype = DType::kString; }},
      {"padding is out of range", [](Plan& p) { program(p).buffers[0].format.layout.pad = 0; }},
      {"block is out of range",
       [](Plan& p) { program(p).buffers[0].format.layout = {Layout::Kind::kBlocked, 0, 1}; }},
      {"", [](Plan& p) { program(p).buffers[0].dims = {Dim(INT64_MAX), Dim(INT64_MAX)}; }},
      {"negative extent", [](Plan& p) { program(p).buffers[0].dims[1] = Dim(-4); }},
      {"artifact does not exist", [](Plan& p) { program(p).steps[0].artifact = 0; }},
      {"artifact does not exist", [](Plan& p) { program(p).steps[0].artifact = -2; }},
      {"device does not exist", [](Plan& p) { program(p).steps[0].device = 1; }},
      {"calls a program", [](Plan& p) { program(p).steps[0].programs = {0}; }},
      {"its step does not exist", [](Plan& p) { program(p).taps[0].after_step = 2; }},
      {"names no value", [](Plan& p) { program(p).taps[0].value = {}; }},
      {"outside of the constant data", [](Plan& p) { section(p).constants[0].offset = 1 << 20; }},
      {"outside of the constant data",
       [](Plan& p) { section(p).constants[0].offset = UINT64_MAX - 100; }},
      {"another number of bytes", [](Plan& p) { section(p).constants[0].bytes = 4; }},
      {"not earlier", [](Plan& p) { section(p).constants[2].inputs = {2}; }},
      {"reads more than its source holds", [](Plan& p) { section(p).constants[2].inputs = {1}; }},
      {"makes something else", [](Plan& p) { section(p).constants[2].dims = {4, 2, 9}; }},
      {"another number of operands", [](Plan& p) { section(p).constants[2].inputs.clear(); }},
      {"the name occurs twice", [](Plan& p) { section(p).bindings[1].name = "data"; }},
      {"not dense", [](Plan& p) { section(p).bindings[1].format.enclosing = 8; }},
      {"another element type", [](Plan& p) { section(p).bindings[1].format.dtype = DType::kF16; }},
      {"target has no kind", [](Plan& p) { section(p).target.kind.clear(); }},
      {"constant data is missing", [](Plan& p) { section(p).data.reset(); }},
      {"1 or 3 channels",
       [](Plan& p) { p.preprocess = {true, 4, false, 0, 0, "squash", "data", ""}; }},
      {"is unknown", [](Plan& p) { p.preprocess = {true, 3, false, 0, 0, "stretch", "data", ""}; }},
      {"input 'out' does not exist",
       [](Plan& p) { p.preprocess = {true, 3, false, 0, 0, "crop", "out", ""}; }},
  };
  return list;
}

TEST(PlanVerify, AcceptsTheSamples) {
  EXPECT_NO_THROW(small_plan().verify());
  EXPECT_NO_THROW(guarded_plan().verify());
  EXPECT_NO_THROW(chain_plan(40).verify());
  for (uint64_t seed = 1; seed < 100; ++seed) EXPECT_NO_THROW(random_plan(seed).verify()) << seed;
}

TEST(PlanVerify, RefusesEveryBrokenReference) {
  for (size_t k = 0; k < cases().size(); ++k) {
    Plan plan = small_plan();
    cases()[k].breaks(plan);
    try {
      plan.verify();
      ADD_FAILURE() << "case " << k << " was accepted: " << cases()[k].reason;
    } catch (const Error& e) {
      EXPECT_EQ(e.code(), Code::kInvalid);
      EXPECT_THAT(e.what(), ::testing::HasSubstr(cases()[k].reason)) << "case " << k;
    }
    EXPECT_THROW(plan.serialize(), Error);
  }
}

TEST(PlanVerify, LongChainsOfViewsEnd) {
  Plan plan = small_plan();
  Program& p = plan.sections[0].programs[0];
  for (uint32_t k = 1; k < 200; ++k) {
    p.buffers.push_back(p.buffers[0]);
    p.buffers.back().same_as = {ValueRef::Kind::kBuffer, k - 1};
  }
  EXPECT_THROW(plan.verify(), Error);
  p.buffers.resize(60);
  EXPECT_NO_THROW(plan.verify());
}

}  // namespace
}  // namespace tenfold::test
