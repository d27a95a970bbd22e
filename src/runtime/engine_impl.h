// What an Engine holds: the prepared steps, the constants and where they are.
#pragma once

#include "src/runtime/constants.h"
#include "tenfold/engine.h"

namespace tenfold {

// A step made ready: the row that will run it (perhaps the reference in place of the plan's); null
// for the steps that the runtime does itself.
struct PreparedStep {
  const Row* row = nullptr;
  Tactic tactic;
  std::shared_ptr<const RowState> state;   // shared by equal steps of several programs
  std::vector<bool> packed;                // inputs that the row consumed in prepare
};

// Entries of a Context's address table: bindings in order, then these, then constants.
struct SlotTable {
  uint32_t arena = 0;
  uint32_t context_scratch = 0;
  uint32_t first_constant = 0;
  uint32_t count = 0;
};

struct Engine::Impl {
  Plan plan;
  const Section* section = nullptr;
  std::shared_ptr<Device> device;
  EngineOptions options;
  int threads = 1;
  std::vector<std::string> messages;
  std::vector<std::vector<PreparedStep>> programs;   // as section->programs
  std::vector<bool> called;                          // programs that steps call, never entered
  std::optional<ConstantStore> constants;
  std::unique_ptr<Buffer> resident;  // device copy of the constants that steps read
  std::vector<Slot> constant_slots;  // per constant; invalid: no step reads it
  std::vector<void*> constant_addresses;  // of slots first_constant, ...
  int64_t constant_bytes = 0;
  SlotTable slots;
};

// Rows for every step of the section (substitutions are told in `messages`), then their states. The
// constants that prepare reads must have been evaluated.
void choose_rows(Engine::Impl& impl);
void prepare_steps(Engine::Impl& impl);
// Evaluates what steps use; after prepare_steps, places on the device what they read at run time.
void evaluate_constants(Engine::Impl& impl);
void place_constants(Engine::Impl& impl);

}  // namespace tenfold
