#include "src/runtime/bound.h"

#include <algorithm>
#include <cstring>

#include "src/base/checked.h"
#include "src/plan/flow.h"
#include "src/plan/sharing.h"
#include "src/runtime/flow.h"

namespace tenfold {

namespace {

constexpr int64_t kScratchAlignment = 256;
constexpr int64_t kLargeScratch = 4096;   // from here on the planner aligns to 256 bytes

bool makes_nothing(const Problem& problem) {
  return std::all_of(problem.outputs.begin(), problem.outputs.end(),
                     [](const Operand& o) { return element_count(const_extents(o.dims)) == 0; });
}

// At these sizes, too, every operand must lie within its value.
void check_operands(const Values& values, const SymbolValues& symbols,
                    const std::vector<ValueRef>& refs, const std::vector<Operand>& operands) {
  for (size_t k = 0; k < refs.size(); ++k) {
    const Extents dims = checked_extents(operands[k].dims, {}, "operand");
    if (storage_bytes(operands[k].format, dims) > region_of(values, refs[k], symbols).bytes)
      throw Error(Code::kInvalid, "an operand is larger than its value at this size");
  }
}

int64_t checked_scratch(const Needs& needs) {
  if (needs.step_scratch < 0 || needs.context_scratch < 0)
    throw Error(Code::kInternal, "the row asks for a negative amount of scratch memory");
  if (needs.alignment > kScratchAlignment)
    throw Error(Code::kUnsupported, "the row asks for scratch memory aligned to " +
                                        std::to_string(needs.alignment) + " bytes");
  if (needs.step_scratch > 0 && needs.alignment > 64)
    return std::max(needs.step_scratch, kLargeScratch);
  return needs.step_scratch;
}

void attach_step(const Engine::Impl& engine, const Values& values, size_t k, Bound& bound) {
  const Step& step = values.program.steps[k];
  const PreparedStep& prepared = engine.programs[bound.shapes.program][k];
  if (is_flow(step.kind)) return attach_flow(engine, values, k, bound);
  bound.problems.push_back(step.problem.bind(bound.shapes.symbols));
  const Problem& problem = bound.problems.back();
  bound.context_offsets.push_back(bound.context_bytes);
  bound.instances.push_back(nullptr);
  bound.scratch.push_back(0);
  if (makes_nothing(problem)) return;
  check_operands(values, bound.shapes.symbols, step.inputs, problem.inputs);
  check_operands(values, bound.shapes.symbols, step.outputs, problem.outputs);
  bound.instances.back() = prepared.row->attach(
      prepared.state.get(), {problem, prepared.tactic, *engine.device, engine.threads});
  if (bound.instances.back() == nullptr) throw Error(Code::kInternal, "the row attached nothing");
  const Needs& needs = bound.instances.back()->needs;
  bound.scratch.back() = checked_scratch(needs);
  bound.context_bytes =
      checked_round_up(checked_add(bound.context_bytes, needs.context_scratch), kScratchAlignment);
}

std::vector<Slot> slots_of(const Engine::Impl& engine, const Bound& bound,
                           const std::vector<ValueRef>& refs, const std::vector<bool>* packed) {
  std::vector<Slot> slots;
  for (size_t k = 0; k < refs.size(); ++k)
    slots.push_back(packed != nullptr && (*packed)[k] ? Slot{} : slot_of(engine, bound, refs[k]));
  return slots;
}

}  // namespace

const Program& program_of(const Engine::Impl& engine, const Bound& bound) {
  return bound.unshared ? *bound.unshared : engine.section->programs[bound.shapes.program];
}

std::unique_ptr<Bound> attach_steps(const Engine::Impl& engine, ShapeSolution shapes,
                                    RecorderKind kind) {
  auto bound = std::make_unique<Bound>();
  bound->shapes = std::move(shapes);
  bound->kind = kind;
  const Section& section = *engine.section;
  bound->idle = true;
  for (size_t k = 0; k < section.bindings.size(); ++k)
    if (!section.bindings[k].is_input && element_count(bound->shapes.dims[k]) != 0)
      bound->idle = false;
  if (bound->idle) return bound;

  attach_program(engine, *bound);
  return bound;
}

void attach_program(const Engine::Impl& engine, Bound& bound) {
  const Program& program = program_of(engine, bound);
  const Values values{program, bindings_of(engine, bound), engine.section->constants};
  bound.problems.reserve(program.steps.size());   // instances hold references
  for (size_t k = 0; k < program.steps.size(); ++k) {
    try {
      attach_step(engine, values, k, bound);
    } catch (const Error& e) {
      throw Error(e.code(), "step '" + program.steps[k].name + "': " + e.what(), e.notes());
    }
  }
  plan_bound_memory(engine, bound, false);
}

const std::vector<Binding>& bindings_of(const Engine::Impl& engine, const Bound& bound) {
  return bound.is_called ? bound.parameters : engine.section->bindings;
}

void plan_bound_memory(const Engine::Impl& engine, Bound& bound, bool keep_taps) {
  bound.unshared.reset();
  if (keep_taps)
    bound.unshared = std::make_unique<const Program>(without_sharing(program_of(engine, bound)));
  if (!bound.callees.empty()) plan_called_memory(engine, bound, keep_taps);
  bound.memory = plan_memory(program_of(engine, bound), bound.shapes.symbols, bound.scratch,
                             &bound.scratch_offsets, bindings_of(engine, bound), keep_taps);
  bound.arena_bytes = bound.memory.peak;
  bound.keeps_taps = keep_taps;
}

Slot slot_of(const Engine::Impl& engine, const Bound& bound, ValueRef ref) {
  const Values values{program_of(engine, bound), bindings_of(engine, bound),
                      engine.section->constants};
  const Region region = region_of(values, ref, bound.shapes.symbols);
  switch (region.root.kind) {
    case ValueRef::Kind::kNone: return {};
    case ValueRef::Kind::kBuffer:
      return {engine.slots.arena,
              bound.arena_base + bound.memory.offsets[region.root.index] + region.offset};
    case ValueRef::Kind::kConstant: {
      Slot slot = engine.constant_slots[region.root.index];
      slot.offset += region.offset;
      return slot;
    }
    case ValueRef::Kind::kBinding: {
      Slot slot =
          bound.is_called ? bound.parameter_slots[region.root.index] : Slot{region.root.index, 0};
      slot.offset += region.offset;
      return slot;
    }
  }
  return {};
}

void record_step(const Engine::Impl& engine, const Bound& bound, uint32_t k, Recorder& recorder,
                 uint32_t index, const std::vector<uint32_t>& deps) {
  const Step& step = program_of(engine, bound).steps[k];
  const PreparedStep& prepared = engine.programs[bound.shapes.program][k];
  recorder.begin_step(index, deps);
  if (bound.instances[k] == nullptr) return;
  const std::vector<Slot> inputs = slots_of(engine, bound, step.inputs, &prepared.packed);
  const std::vector<Slot> outputs = slots_of(engine, bound, step.outputs, nullptr);
  Operands operands{inputs, outputs, {}, {}};
  if (bound.instances[k]->needs.step_scratch > 0)
    operands.scratch = {engine.slots.arena, bound.arena_base + bound.scratch_offsets[k]};
  if (bound.instances[k]->needs.context_scratch > 0)
    operands.context_scratch = {engine.slots.context_scratch, bound.context_offsets[k]};
  prepared.row->record(recorder, operands, prepared.state.get(), *bound.instances[k]);
}

namespace {

// What a recorded report says: steps done of all.
struct Report {
  const ProgressFn* told;
  int64_t done, total;
};

void tell(void* const*, const void* data) noexcept {
  Report report{};
  std::memcpy(&report, data, sizeof report);
  (void)(*report.told)({"running the reference kernels", report.done, report.total});
}

// Between the steps of a program, how much of its work is done, in thousandths.
class Reports {
 public:
  Reports(const Engine::Impl& engine, const Bound& bound) : engine_(engine), bound_(bound) {
    if (!wanted()) return;
    for (const Problem& problem : bound.problems) total_ += work_of(problem);
  }
  void after(size_t step, Commands& commands) {
    if (!wanted()) return;
    done_ += work_of(bound_.problems[step]);
    const auto share = static_cast<int64_t>(kWhole * done_ / total_);
    const Report report{&engine_.options.progress, share, kWhole};
    commands.host(tell, {}, &report, sizeof report);
  }

 private:
  static constexpr int64_t kWhole = 1000;
  bool wanted() const { return engine_.options.progress && engine_.device->host_accessible(); }
  static double work_of(const Problem& problem) {
    const Cost cost = cost_of(problem, {});
    return 1 + cost.flops + cost.bytes;
  }
  const Engine::Impl& engine_;
  const Bound& bound_;
  double done_ = 0, total_ = 0;
};

}  // namespace

void record_steps(const Engine::Impl& engine, Bound& bound) {
  if (!bound.callees.empty()) return record_flow(engine, bound);
  const Program& program = program_of(engine, bound);
  bound.recorder = engine.device->create_recorder(bound.kind);
  bound.recorder->begin(engine.slots.count);
  Reports reports(engine, bound);
  for (uint32_t k = 0; k < program.steps.size(); ++k) {
    record_step(engine, bound, k, *bound.recorder, k, program.steps[k].deps);
    reports.after(k, *bound.recorder);
  }
  bound.recorder->finish(bound.addresses).or_throw();
}

}  // namespace tenfold
