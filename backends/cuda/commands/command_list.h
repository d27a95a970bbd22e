// Commands as recorded: plain data that recorders resolve once and replay.
#pragma once

#include <vector>

#include "tenfold/kernel.h"

namespace tenfold::cuda {

struct Command {
  enum class Kind : uint8_t { kKernel, kCopy, kFill, kHost, kForeign };
  Kind kind = Kind::kKernel;
  uint32_t step = 0;
  void* function = nullptr;  // kKernel
  Grid grid, block;
  uint32_t shared_bytes = 0;
  uint32_t first_arg = 0, arg_count = 0;    // kKernel: into args(); kHost: its host call
  uint32_t first_slot = 0, slot_count = 0;  // every slot it uses: into CommandList::slots
  int64_t bytes = 0;  // kCopy, kFill; dst is the first slot, src the second
  uint8_t value = 0;
  HostFn host = nullptr;
  ForeignFn foreign = nullptr;
  bool capturable = false;
  uint32_t data_offset = 0, data_size = 0;  // kHost, kForeign: into CommandList::data
};

// What a host command's trampoline reads. Stays valid as long as its list.
struct HostCall {
  HostFn fn = nullptr;
  void* const* slots = nullptr;
  const void* data = nullptr;
};

struct CommandArg {
  bool is_pointer = false;
  uint32_t slot = 0;  // into CommandList::slots
  uint32_t offset = 0;  // into CommandList::data
  uint32_t size = 0;
};

struct CommandStep {
  std::vector<uint32_t> deps;
  uint32_t first = 0, count = 0;  // of its commands
};

// Records; then resolve() gives every slot an address, and the accessors hand out what launches
// need without allocating.
class CommandList {
 public:
  void begin();
  void begin_step(uint32_t step, std::span<const uint32_t> deps);
  void kernel(void* function, Grid grid, Grid block, uint32_t shared,
              std::span<const KernelArg> args);
  void copy(Slot dst, Slot src, int64_t bytes);
  void fill(Slot dst, uint8_t value, int64_t bytes);
  void host(HostFn fn, std::span<const Slot> slots, const void* data, size_t size);
  void foreign(ForeignFn fn, std::span<const Slot> slots, const void* data, size_t size,
               bool capturable);

  // First resolution: fixes storage. Later ones only change addresses, without allocating.
  Status resolve(std::span<void* const> addresses) noexcept;
  bool changed(const Command& command) const noexcept;  // any of its slots, by the last resolve
  bool complete(const Command& command) const noexcept;  // no slot of it is null

  void** params(const Command& c) noexcept { return params_.data() + c.first_arg; }
  void* address(const Command& c, uint32_t k) const noexcept {
    return addresses_[c.first_slot + k];
  }
  void* const* addresses(const Command& c) const noexcept {
    return addresses_.data() + c.first_slot;
  }
  const void* data(const Command& c) const noexcept { return bytes_of(c.data_offset); }
  HostCall* host_call(const Command& c) noexcept { return &host_calls_[c.first_arg]; }

  const std::vector<Command>& commands() const { return commands_; }
  const std::vector<CommandStep>& steps() const { return steps_; }
  const std::vector<CommandArg>& args() const { return args_; }
  const std::vector<Slot>& slots() const { return slots_; }

 private:
  const void* bytes_of(uint32_t offset) const noexcept {
    return reinterpret_cast<const std::byte*>(data_.data()) + offset;
  }
  Command& push(Command::Kind kind);
  uint32_t add_data(const void* data, size_t size);
  void add_slots(Command& command, std::span<const Slot> slots);

  std::vector<Command> commands_;
  std::vector<CommandStep> steps_;
  std::vector<CommandArg> args_;
  std::vector<Slot> slots_;
  std::vector<uint64_t> data_;  // 16-byte granules
  std::vector<void*> addresses_;
  std::vector<uint8_t> changed_;
  std::vector<void*> params_;
  std::vector<HostCall> host_calls_;
  bool resolved_ = false;
};

// Steps that `step` must wait for itself: those of its deps that no other of them already waits
// for. Steps without commands stand for their own deps.
std::vector<std::vector<uint32_t>> reduced_deps(const CommandList& list);
// Each step with commands waits for the one before it.
std::vector<std::vector<uint32_t>> chain_deps(const CommandList& list);

}  // namespace tenfold::cuda
