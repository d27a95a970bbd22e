// Recorders of the CPU: a command list that launch walks through, and a log.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <locale>
#include <sstream>

#include "backends/cpu/device.h"

namespace tenfold::cpu {
namespace {

struct Command {
  enum class Kind : uint8_t { kHost, kForeign, kCopy, kFill };
  Kind kind;
  uint8_t value = 0;         // of kFill
  uint32_t step = 0;
  uint32_t first_slot = 0;   // copy: dst, src; fill: dst
  uint32_t data_offset = 0;  // in units of kDataUnit
  HostFn host = nullptr;
  ForeignFn foreign = nullptr;
  int64_t bytes = 0;
};

using DataUnit = std::max_align_t;

class ListRecorder : public Recorder {
 public:
  explicit ListRecorder(bool timed) : timed_(timed) {}

  void begin(uint32_t slots) noexcept override {
    status_ = {};
    slot_count_ = slots;
    steps_ = step_ = 0;
    commands_.clear();
    slots_.clear();
    addresses_.clear();
    data_.clear();
  }
  void begin_step(uint32_t step, std::span<const uint32_t>) noexcept override {
    step_ = step;
    if (step >= steps_) steps_ = step + 1;
  }
  void kernel(void*, Grid, Grid, uint32_t, std::span<const KernelArg>) noexcept override {
    fail({Code::kInternal, "a device kernel was recorded on the CPU"});
  }
  void copy(Slot dst, Slot src, int64_t bytes) noexcept override {
    const Slot slots[] = {dst, src};
    Command c{Command::Kind::kCopy};
    c.bytes = bytes;
    append(c, slots, nullptr, 0);
  }
  void fill(Slot dst, uint8_t value, int64_t bytes) noexcept override {
    Command c{Command::Kind::kFill};
    c.value = value;
    c.bytes = bytes;
    append(c, {&dst, 1}, nullptr, 0);
  }
  void host(HostFn fn, std::span<const Slot> slots, const void* data,
            size_t size) noexcept override {
    Command c{Command::Kind::kHost};
    c.host = fn;
    append(c, slots, data, size);
  }
  void foreign(ForeignFn fn, std::span<const Slot> slots, const void* data, size_t size,
               bool) noexcept override {
    Command c{Command::Kind::kForeign};
    c.foreign = fn;
    append(c, slots, data, size);
  }

  Status finish(std::span<void* const> addresses) noexcept override {
    if (!status_.ok()) return status_;
    try {
      addresses_.assign(slots_.size(), nullptr);
      us_.assign(std::max(steps_, 1u), 0.0);
    } catch (const std::bad_alloc&) {
      return Status(Code::kResource, "out of memory while recording");
    }
    return rebind(addresses);
  }
  Status rebind(std::span<void* const> addresses) noexcept override {
    if (addresses_.size() != slots_.size()) return Status(Code::kInvalid, "rebind before finish");
    for (size_t k = 0; k < slots_.size(); ++k) {
      if (!slots_[k].valid()) continue;  // stays null
      if (slots_[k].index >= addresses.size())
        return Status(Code::kInvalid, "a slot has no address");
      auto* base = static_cast<std::byte*>(addresses[slots_[k].index]);
      addresses_[k] = base ? base + slots_[k].offset : nullptr;
    }
    return {};
  }
  Status launch(NativeStream&, const std::atomic<bool>* cancel) noexcept override {
    if (addresses_.size() != slots_.size()) return Status(Code::kInvalid, "launch before finish");
    return timed_ ? run<true>(cancel) : run<false>(cancel);
  }
  std::vector<double> step_us() const override { return timed_ ? us_ : std::vector<double>{}; }

 private:
  void fail(Status status) noexcept {
    if (status_.ok()) status_ = status;
  }
  void append(Command c, std::span<const Slot> slots, const void* data, size_t size) noexcept {
    for (Slot s : slots)
      if (s.valid() && s.index >= slot_count_)
        return fail({Code::kInternal, "a slot is out of range"});
    try {
      c.step = step_;
      c.first_slot = static_cast<uint32_t>(slots_.size());
      slots_.insert(slots_.end(), slots.begin(), slots.end());
      c.data_offset = static_cast<uint32_t>(data_.size());
      data_.resize(data_.size() + (size + sizeof(DataUnit) - 1) / sizeof(DataUnit));
      if (size > 0) std::memcpy(&data_[c.data_offset], data, size);
      commands_.push_back(c);
    } catch (const std::exception&) {
      fail({Code::kResource, "out of memory while recording"});
    }
  }
  int execute(const Command& c) const noexcept {
    void* const* slots = addresses_.data() + c.first_slot;
    const void* data = data_.data() + c.data_offset;
    switch (c.kind) {
      case Command::Kind::kHost: c.host(slots, data); return 0;
      case Command::Kind::kForeign: return c.foreign(nullptr, slots, data);
      case Command::Kind::kCopy:
        if (c.bytes > 0 && slots[0] != slots[1])
          std::memmove(slots[0], slots[1], static_cast<size_t>(c.bytes));
        return 0;
      case Command::Kind::kFill:
        if (c.bytes > 0) std::memset(slots[0], c.value, static_cast<size_t>(c.bytes));
        return 0;
    }
    return 0;
  }
  template <bool kTimed>
  Status run(const std::atomic<bool>* cancel) noexcept {
    using Clock = std::chrono::steady_clock;
    if (kTimed)
      for (double& us : us_) us = 0;
    uint32_t step = UINT32_MAX;
    for (const Command& c : commands_) {
      if (c.step != step) {
        step = c.step;
        if (cancel && cancel->load(std::memory_order_relaxed))
          return Status(Code::kCancelled, "cancelled between steps", step);
      }
      const auto start = kTimed ? Clock::now() : Clock::time_point{};
      const int result = execute(c);
      if (kTimed)
        us_[c.step] += std::chrono::duration<double, std::micro>(Clock::now() - start).count();
      if (result != 0) return Status(Code::kDevice, "a library call of a step failed", result);
    }
    return {};
  }

  const bool timed_;
  Status status_;
  uint32_t slot_count_ = 0, step_ = 0, steps_ = 0;
  std::vector<Command> commands_;
  std::vector<Slot> slots_;
  std::vector<void*> addresses_;  // of slots_, resolved
  std::vector<DataUnit> data_;
  std::vector<double> us_;
};

// Text without addresses, so that equal plans log alike.
class LogRecorder : public Recorder {
 public:
  void begin(uint32_t slots) noexcept override {
    write([&](std::ostream& o) { o << "begin slots=" << slots << '\n'; });
  }
  void begin_step(uint32_t step, std::span<const uint32_t> deps) noexcept override {
    write([&](std::ostream& o) {
      o << "step " << step << " deps=[";
      for (size_t k = 0; k < deps.size(); ++k) o << (k ? "," : "") << deps[k];
      o << "]\n";
    });
  }
  void kernel(void*, Grid g, Grid b, uint32_t shared,
              std::span<const KernelArg> args) noexcept override {
    write([&](std::ostream& o) {
      o << "  kernel grid=" << g.x << 'x' << g.y << 'x' << g.z << " block=" << b.x << 'x' << b.y
        << 'x' << b.z << " shared=" << shared << " args=" << args.size() << '\n';
    });
  }
  void copy(Slot dst, Slot src, int64_t bytes) noexcept override {
    const Slot slots[] = {dst, src};
    line("copy", slots, "bytes", bytes);
  }
  void fill(Slot dst, uint8_t value, int64_t bytes) noexcept override {
    line("fill", {&dst, 1}, "bytes", bytes, " value=" + std::to_string(value));
  }
  void host(HostFn, std::span<const Slot> slots, const void*, size_t size) noexcept override {
    line("host", slots, "data", static_cast<int64_t>(size));
  }
  void foreign(ForeignFn, std::span<const Slot> slots, const void*, size_t size,
               bool capturable) noexcept override {
    line("foreign", slots, "data", static_cast<int64_t>(size), capturable ? " capturable" : "");
  }
  Status finish(std::span<void* const>) noexcept override { return {}; }
  Status rebind(std::span<void* const>) noexcept override { return {}; }
  Status launch(NativeStream&, const std::atomic<bool>*) noexcept override { return {}; }
  std::string text() const override { return text_; }

 private:
  template <typename F>
  void write(F&& f) noexcept {
    try {
      std::ostringstream o;
      o.imbue(std::locale::classic());
      f(o);
      text_ += o.str();
    } catch (const std::exception&) {
      text_.clear();
    }
  }
  void line(const char* what, std::span<const Slot> slots, const char* unit, int64_t count,
            const std::string& more = {}) noexcept {
    write([&](std::ostream& o) {
      o << "  " << what << " slots=[";
      for (size_t k = 0; k < slots.size(); ++k) {
        o << (k ? "," : "");
        if (!slots[k].valid())
          o << '-';
        else
          o << slots[k].index << '+' << slots[k].offset;
      }
      o << "] " << unit << '=' << count << more << '\n';
    });
  }
  std::string text_;
};

}  // namespace

std::unique_ptr<Recorder> make_recorder(RecorderKind kind) {
  if (kind == RecorderKind::kLog) return std::make_unique<LogRecorder>();
  return std::make_unique<ListRecorder>(kind == RecorderKind::kTimer);
}

}  // namespace tenfold::cpu
