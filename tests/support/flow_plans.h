// Plans with steps that decide at run time, made by hand.
#pragma once

#include "tests/support/sample_plans.h"

namespace tenfold::test {

inline ValueRef buffer_at(uint32_t k) { return {ValueRef::Kind::kBuffer, k}; }
inline ValueRef binding_at(uint32_t k) { return {ValueRef::Kind::kBinding, k}; }
inline ValueRef constant_at(uint32_t k) { return {ValueRef::Kind::kConstant, k}; }

// Puts a program together; every step waits for all before it.
struct ProgramMaker {
  Program program;
  ValueRef buffer(const std::string& name, const std::string& type);
  // "Pointwise(f32[N,4]) out0=add(in0,1.0) -> f32[N,4]"; symbols are the program's.
  void row(const std::string& name, const std::string& problem, std::vector<ValueRef> inputs,
           std::vector<ValueRef> outputs);
  void step(StepKind kind, const std::string& name, const std::string& tactic,
            std::vector<ValueRef> inputs, std::vector<ValueRef> outputs,
            std::vector<uint32_t> programs = {});
};
Binding binding_of(const std::string& name, const std::string& type, bool is_input);

// c bool[], x f32[N,4] -> y: x + 1 where c, else (x * 2) * 2 by two steps; a tap "twice" in the
// latter. N in 0..8.
Plan branch_plan();

// m i64[], go bool[], stop i64[], x f32[N,4] -> v f32[N,4], all f32[K,N,4], n i64[]:
//   v = x; while (go && k < m) { all[k] = v; v = v * 0.5 + x; go = k + 1 < stop; ++k }; n = K.
// K in 0..6 is counted. A tap "half" in the body.
Plan loop_plan();

// x f32[N,4], c bool[N] -> y f32[K,4], n i64[]: the rows where c, then 10 times them; n = 4 * K +
// N.
Plan count_plan();

}  // namespace tenfold::test
