// Steps that no row does: they decide at run time which programs run and how large values are.
// docs/adr/0011 and docs/format.md say what their operands mean.
#pragma once

#include "src/plan/storage.h"

namespace tenfold {

// The most iterations of a loop; one that goes on ends the run with an error.
inline constexpr int64_t kMaxTrips = int64_t{1} << 20;
inline constexpr int kMaxCallDepth = 16;

inline bool calls_programs(StepKind kind) {
  return kind == StepKind::kCall || kind == StepKind::kIf || kind == StepKind::kLoop;
}
inline bool is_flow(StepKind kind) {
  return kind != StepKind::kLaunch && kind != StepKind::kConvert;
}
bool has_flow(const Program& program);

// What a loop's tactic says: "carried=2 count=K". `count` empty: nobody asks for the number of
// iterations.
struct LoopForm {
  uint32_t carried = 0;
  std::string count;
};
LoopForm parse_loop(const std::string& tactic);  // Error{kInvalid}
std::string loop_tactic(const LoopForm& form);
// The symbol that a step sets while it runs; empty: none.
std::string counted_by(const Step& step);

// Per program of the section whether a step of an earlier one calls it. Such a program is never an
// entry.
std::vector<bool> called_programs(const Section& section);

// Type and Format of a value as a binding. Error{kInvalid} for kNone and what does not exist.
Binding value_binding(const Values& values, ValueRef ref, std::string name, bool is_input);
// What the bindings of a called program mean: parameters, those that it is given, then those that
// it gives back. Error{kInvalid} when the step's operands do not make sense.
std::vector<Binding> parameters_of(const Values& caller, const Step& step);

}  // namespace tenfold
