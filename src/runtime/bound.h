// One prepared shape of a Context: program, primitives, memory, recorded commands.
#pragma once

#include "src/plan/storage.h"
#include "src/runtime/engine_impl.h"

namespace tenfold {

// Which program runs at these input shapes, and what its symbols are worth.
struct ShapeSolution {
  size_t program = 0;
  SymbolValues symbols;
  std::vector<Extents> dims;           // per binding, outputs too
  std::vector<int64_t> bytes;
  bool operator==(const ShapeSolution& o) const { return program == o.program && dims == o.dims; }
};

// `input_dims[b]` of each input; an empty optional where the caller said nothing (then the
// binding's own dims must be numbers); `called` programs are not asked. Error{kInvalid} names the
// input and what it expects.
ShapeSolution solve_shapes(const Section& section, const std::vector<bool>& called,
                           const std::vector<std::optional<Extents>>& input_dims);

class Flow;

// Also a called program at one place that calls it: then its bindings are parameters, which lie
// where the caller's operands do, and its arena lies in the scratch of the calling step.
struct Bound {
  ShapeSolution shapes;
  std::unique_ptr<const Program> unshared;  // without steps in place, while taps are kept
  RecorderKind kind = RecorderKind::kReplay;
  bool idle = false;                   // every output is empty: nothing to run
  std::vector<Problem> problems;       // bound; instances may refer to them
  std::vector<std::unique_ptr<RowInstance>> instances;  // null: the step makes nothing at this size
  MemoryPlan memory;
  std::vector<int64_t> scratch, scratch_offsets, context_offsets;  // per step
  int64_t arena_bytes = 0, context_bytes = 0;
  std::unique_ptr<Buffer> context_scratch;
  std::vector<void*> addresses;  // by slot, as the recorder has them
  bool stale = false;  // the recorder has other addresses
  bool ran = false;
  bool keeps_taps = false;
  std::unique_ptr<Recorder> recorder;
  Flow* flow = nullptr;  // the recorder, where the program has steps that no row does
  uint64_t last_use = 0;

  // Of called programs.
  bool is_called = false;
  std::vector<Binding> parameters;
  std::vector<Slot> parameter_slots;
  int64_t arena_base = 0;
  uint32_t frame = 0;  // of the Flow
  // Per step the programs that it calls; empty unless the program has steps that no row does.
  std::vector<std::vector<std::unique_ptr<Bound>>> callees;

  int64_t memory_bytes() const { return arena_bytes + context_bytes; }
};

// Attaches every step and plans memory; allocates nothing on the device.
std::unique_ptr<Bound> attach_steps(const Engine::Impl& engine, ShapeSolution shapes,
                                    RecorderKind kind);

// The program that the shape runs.
const Program& program_of(const Engine::Impl& engine, const Bound& bound);

// The bindings that the program's references name: the section's, or a called program's parameters.
const std::vector<Binding>& bindings_of(const Engine::Impl& engine, const Bound& bound);

// Attaches the steps of bound.shapes.program one by one and plans its memory.
void attach_program(const Engine::Impl& engine, Bound& bound);

// Records one step that a row does, as step `index` of the recorder.
void record_step(const Engine::Impl& engine, const Bound& bound, uint32_t step, Recorder& recorder,
                 uint32_t index, const std::vector<uint32_t>& deps);

// Plans memory anew; with `keep_taps` no value is overwritten that a tap reads.
void plan_bound_memory(const Engine::Impl& engine, Bound& bound, bool keep_taps);

// Records the steps once Bound.addresses has every slot's address.
void record_steps(const Engine::Impl& engine, Bound& bound);

// Where a value is, as a slot of the address table.
Slot slot_of(const Engine::Impl& engine, const Bound& bound, ValueRef ref);

}  // namespace tenfold
