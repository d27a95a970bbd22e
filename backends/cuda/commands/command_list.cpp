#include "backends/cuda/commands/command_list.h"

#include <algorithm>
#include <cstring>

namespace tenfold::cuda {

void CommandList::begin() { *this = CommandList(); }

void CommandList::begin_step(uint32_t step, std::span<const uint32_t> deps) {
  while (steps_.size() <= step) {
    CommandStep fresh;
    fresh.first = static_cast<uint32_t>(commands_.size());
    steps_.push_back(std::move(fresh));
  }
  steps_[step].deps.assign(deps.begin(), deps.end());
}

Command& CommandList::push(Command::Kind kind) {
  if (steps_.empty()) begin_step(0, {});
  Command command;
  command.kind = kind;
  command.step = static_cast<uint32_t>(steps_.size()) - 1;
  command.first_arg = static_cast<uint32_t>(args_.size());
  command.first_slot = static_cast<uint32_t>(slots_.size());
  commands_.push_back(command);
  ++steps_.back().count;
  return commands_.back();
}

uint32_t CommandList::add_data(const void* data, size_t size) {
  const size_t at = data_.size();
  data_.resize(at + (size + 15) / 16 * 2);
  if (size > 0) std::memcpy(data_.data() + at, data, size);
  return static_cast<uint32_t>(at * sizeof(uint64_t));
}

void CommandList::add_slots(Command& command, std::span<const Slot> slots) {
  slots_.insert(slots_.end(), slots.begin(), slots.end());
  command.slot_count += static_cast<uint32_t>(slots.size());
}

void CommandList::kernel(void* function, Grid grid, Grid block, uint32_t shared,
                         std::span<const KernelArg> args) {
  if (grid.x == 0 || grid.y == 0 || grid.z == 0) return;  // an empty problem
  Command& command = push(Command::Kind::kKernel);
  command.function = function;
  command.grid = grid;
  command.block = block;
  command.shared_bytes = shared;
  command.arg_count = static_cast<uint32_t>(args.size());
  for (const KernelArg& arg : args) {
    CommandArg made;
    made.is_pointer = arg.slot.valid() || arg.bytes == nullptr;
    if (made.is_pointer) {
      made.slot = static_cast<uint32_t>(slots_.size());
      made.size = sizeof(void*);
      add_slots(command, {&arg.slot, 1});
    } else {
      made.size = arg.size;
      made.offset = add_data(arg.bytes, arg.size);
    }
    args_.push_back(made);
  }
}

void CommandList::copy(Slot dst, Slot src, int64_t bytes) {
  if (bytes <= 0) return;
  Command& command = push(Command::Kind::kCopy);
  command.bytes = bytes;
  const Slot both[] = {dst, src};
  add_slots(command, both);
}

void CommandList::fill(Slot dst, uint8_t value, int64_t bytes) {
  if (bytes <= 0) return;
  Command& command = push(Command::Kind::kFill);
  command.bytes = bytes;
  command.value = value;
  add_slots(command, {&dst, 1});
}

void CommandList::host(HostFn fn, std::span<const Slot> slots, const void* data, size_t size) {
  Command& command = push(Command::Kind::kHost);
  command.host = fn;
  command.capturable = true;
  command.first_arg = static_cast<uint32_t>(host_calls_.size());
  host_calls_.emplace_back();
  add_slots(command, slots);
  command.data_offset = add_data(data, size);
  command.data_size = static_cast<uint32_t>(size);
}

void CommandList::foreign(ForeignFn fn, std::span<const Slot> slots, const void* data, size_t size,
                          bool capturable) {
  Command& command = push(Command::Kind::kForeign);
  command.foreign = fn;
  command.capturable = capturable;
  add_slots(command, slots);
  command.data_offset = add_data(data, size);
  command.data_size = static_cast<uint32_t>(size);
}

Status CommandList::resolve(std::span<void* const> addresses) noexcept {
  const bool first = !resolved_;
  resolved_ = true;
  if (first) {
    addresses_.assign(slots_.size(), nullptr);
    changed_.assign(slots_.size(), 1);
    params_.assign(args_.size(), nullptr);
  }
  for (size_t k = 0; k < slots_.size(); ++k) {
    void* address = nullptr;  // an absent operand
    if (slots_[k].valid()) {
      if (slots_[k].index >= addresses.size())
        return {Code::kInternal, "a command names a slot beyond the table", slots_[k].index};
      void* base = addresses[slots_[k].index];
      if (base) address = static_cast<std::byte*>(base) + slots_[k].offset;
    }
    changed_[k] = first || address != addresses_[k];
    addresses_[k] = address;
  }
  for (const Command& c : commands_)
    if (first && c.kind == Command::Kind::kHost)
      host_calls_[c.first_arg] = {c.host, addresses_.data() + c.first_slot, data(c)};
  if (first)
    for (size_t k = 0; k < args_.size(); ++k)
      params_[k] = args_[k].is_pointer ? static_cast<void*>(&addresses_[args_[k].slot])
                                       : const_cast<void*>(bytes_of(args_[k].offset));
  return {};
}

bool CommandList::changed(const Command& c) const noexcept {
  for (uint32_t k = 0; k < c.slot_count; ++k)
    if (changed_[c.first_slot + k]) return true;
  return false;
}

bool CommandList::complete(const Command& c) const noexcept {
  for (uint32_t k = 0; k < c.slot_count; ++k)
    if (slots_[c.first_slot + k].valid() && !addresses_[c.first_slot + k]) return false;
  return true;
}

std::vector<std::vector<uint32_t>> reduced_deps(const CommandList& list) {
  const auto& steps = list.steps();
  const size_t words = (steps.size() + 63) / 64;
  std::vector<std::vector<uint32_t>> result(steps.size());
  std::vector<std::vector<uint64_t>> before(steps.size(), std::vector<uint64_t>(words, 0));
  const auto has = [](const std::vector<uint64_t>& set, uint32_t s) {
    return (set[s / 64] >> (s % 64)) & 1u;
  };
  for (uint32_t s = 0; s < steps.size(); ++s) {
    std::vector<uint32_t> wanted;
    for (const uint32_t d : steps[s].deps) {
      if (d >= s) continue;
      if (steps[d].count > 0)
        wanted.push_back(d);
      else
        wanted.insert(wanted.end(), result[d].begin(), result[d].end());
    }
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    for (const uint32_t d : wanted) {
      const bool implied = std::any_of(wanted.begin(), wanted.end(), [&](uint32_t other) {
        return other != d && has(before[other], d);
      });
      if (!implied) result[s].push_back(d);
      before[s][d / 64] |= uint64_t{1} << (d % 64);
      for (size_t w = 0; w < words; ++w) before[s][w] |= before[d][w];
    }
  }
  return result;
}

std::vector<std::vector<uint32_t>> chain_deps(const CommandList& list) {
  const auto& steps = list.steps();
  std::vector<std::vector<uint32_t>> result(steps.size());
  uint32_t last = UINT32_MAX;
  for (uint32_t s = 0; s < steps.size(); ++s) {
    if (steps[s].count == 0) continue;
    if (last != UINT32_MAX) result[s].push_back(last);
    last = s;
  }
  return result;
}

}  // namespace tenfold::cuda
