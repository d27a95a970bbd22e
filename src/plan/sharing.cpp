#include "src/plan/sharing.h"

#include <algorithm>

#include "src/plan/order.h"
#include "src/plan/storage.h"

namespace tenfold {
namespace {

using Kind = ValueRef::Kind;

bool stands_alone(const PlanBuffer& b) { return b.inside < 0 && b.same_as.kind == Kind::kNone; }

// The buffer whose whole storage `ref` is; -1: a binding, a constant, or a slice of something.
int64_t whole_buffer(const Program& program, ValueRef ref) {
  while (ref.kind == Kind::kBuffer) {
    const PlanBuffer& b = program.buffers.at(ref.index);
    if (b.inside >= 0) return -1;
    if (b.same_as.kind == Kind::kNone) return ref.index;
    ref = b.same_as;
  }
  return -1;
}

// For every buffer with storage of its own the steps that touch it.
std::vector<std::vector<uint32_t>> touches(const Program& program) {
  std::vector<std::vector<uint32_t>> steps(program.buffers.size());
  for (uint32_t s = 0; s < program.steps.size(); ++s)
    for (const auto* refs : {&program.steps[s].inputs, &program.steps[s].outputs})
      for (const ValueRef& ref : *refs)
        if (const ValueRef root = root_of(program, ref); root.kind == Kind::kBuffer)
          steps[root.index].push_back(s);
  return steps;
}

int64_t peak_of(const Program& program, const std::vector<Binding>& bindings) {
  SymbolValues tune;
  for (const Symbol& s : program.symbols) tune.set(s.name, s.tune);
  return plan_memory(program, tune, {}, nullptr, bindings).peak;
}

// Which input's buffer the output of step `s` may take over; -1: none.
int64_t free_input(const Program& program, const StepOrder& order,
                   const std::vector<std::vector<uint32_t>>& touched, uint32_t s) {
  const Step& step = program.steps[s];
  const Row* row = step.kind == StepKind::kLaunch ? find_row(step.row) : nullptr;
  if (!row || step.outputs.size() != 1 || step.outputs[0].kind != Kind::kBuffer) return -1;
  const int k = row->in_place(step.problem);
  if (k < 0 || static_cast<size_t>(k) >= step.inputs.size()) return -1;
  const Operand& in = step.problem.inputs[static_cast<size_t>(k)];
  const Operand& out = step.problem.outputs[0];
  if (!(in.dims == out.dims) || !(in.format == out.format) || !in.format.dense()) return -1;
  const int64_t from = whole_buffer(program, step.inputs[static_cast<size_t>(k)]);
  const uint32_t to = step.outputs[0].index;
  if (from < 0 || from == to || !stands_alone(program.buffers[to])) return -1;
  const PlanBuffer& source = program.buffers[static_cast<size_t>(from)];
  if (!(storage_elements(source.format, source.dims) == storage_elements(in.format, in.dims)) ||
      source.format.dtype != in.format.dtype)
    return -1;
  const auto& steps = touched[static_cast<size_t>(from)];
  if (std::count(steps.begin(), steps.end(), s) != 1) return -1;
  const bool last = std::all_of(steps.begin(), steps.end(),
                                [&](uint32_t t) { return t == s || order.before(t, s); });
  return last ? from : -1;
}

}  // namespace

int share_storage(Program& program, const std::vector<Binding>& bindings) {
  Program shared = program;
  const StepOrder order(program.steps);
  auto touched = touches(program);
  int count = 0;
  for (uint32_t s = 0; s < shared.steps.size(); ++s) {
    const int64_t from = free_input(shared, order, touched, s);
    if (from < 0) continue;
    const uint32_t to = shared.steps[s].outputs[0].index;
    shared.buffers[to].same_as = {Kind::kBuffer, static_cast<uint32_t>(from)};
    auto& steps = touched[static_cast<size_t>(from)];
    steps.insert(steps.end(), touched[to].begin(), touched[to].end());
    touched[to].clear();
    ++count;
  }
  if (count == 0 || peak_of(shared, bindings) > peak_of(program, bindings)) return 0;
  program = std::move(shared);
  return count;
}

Program without_sharing(const Program& program) {
  Program own = program;
  for (const Step& step : program.steps)
    for (const ValueRef& out : step.outputs) {
      if (out.kind != Kind::kBuffer) continue;
      const ValueRef root = root_of(program, out);
      if (root.kind == Kind::kBuffer && root != out && program.buffers[out.index].inside < 0 &&
          std::any_of(
              step.inputs.begin(), step.inputs.end(),
              [&](const ValueRef& in) { return root_of(program, in) == root; }))
        own.buffers[out.index].same_as = {};
    }
  return own;
}

}  // namespace tenfold
