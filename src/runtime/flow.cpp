// A Flow as it runs: no allocation, lock or search (a profiled run keeps times).
#include "src/runtime/flow.h"

#include <algorithm>
#include <chrono>
#include <cstring>

#include "src/plan/flow.h"

namespace tenfold {

namespace {

using Clock = std::chrono::steady_clock;

double us_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

Status cancelled() noexcept { return {Code::kCancelled, "cancelled between steps"}; }

}  // namespace

Flow::Flow(Device& device, RecorderKind kind, uint32_t slots)
    : device_(device), kind_(kind), slots_(slots), host_(device.host_accessible()) {}

uint32_t Flow::add_frame() {
  frames_.emplace_back();
  return static_cast<uint32_t>(frames_.size()) - 1;
}

uint32_t Flow::add_segment() {
  segments_.push_back({device_.create_recorder(kind_), {}});
  segments_.back().recorder->begin(slots_ + 1);
  return static_cast<uint32_t>(segments_.size()) - 1;
}

void Flow::end_segment(uint32_t index, std::vector<uint32_t> lines) {
  segments_[index].lines = std::move(lines);
  if (kind_ == RecorderKind::kLog) log_ += segments_[index].recorder->text();
}

uint32_t Flow::add_count(const std::string& symbol, int64_t most) {
  counts_.push_back(symbol);
  values_.set(symbol, most);
  return static_cast<uint32_t>(counts_.size()) - 1;
}

uint32_t Flow::add_line(std::string name, std::string row) {
  lines_.push_back({std::move(name), std::move(row), 0});
  return static_cast<uint32_t>(lines_.size()) - 1;
}

Status Flow::finish(std::span<void* const> addresses) noexcept {
  try {
    addresses_.assign(addresses.begin(), addresses.end());
    addresses_.push_back(nullptr);
  } catch (const std::bad_alloc&) {
    return {Code::kResource, "out of memory while recording"};
  }
  park();
  for (const Segment& s : segments_)
    if (const Status status = s.recorder->finish(addresses_); !status.ok()) return status;
  return {};
}

// The moving slot, as long as nothing is gathered, stands at memory that is there.
void Flow::park() noexcept {
  for (const Frame& frame : frames_)
    for (const Action& action : frame.actions)
      for (const Action::Gather& g : action.gathers) addresses_[slots_] = at(g.to);
}

Status Flow::rebind(std::span<void* const> addresses) noexcept {
  if (addresses.size() + 1 != addresses_.size()) return {Code::kInvalid, "rebind before finish"};
  std::copy(addresses.begin(), addresses.end(), addresses_.begin());
  park();
  for (const Segment& s : segments_)
    if (const Status status = s.recorder->rebind(addresses_); !status.ok()) return status;
  return {};
}

std::string Flow::text() const {
  if (kind_ == RecorderKind::kLog) return log_;
  std::string out;
  for (const Segment& s : segments_) out += s.recorder->text();
  return out;
}

Extents Flow::counted_dims(const Shape& shape, const SymbolValues& bounds) const {
  SymbolValues symbols = bounds;
  for (const std::string& name : counts_)
    if (bounds.find(name) != nullptr) symbols.set(name, *values_.find(name));
  const Extents most = eval(shape, bounds);
  Extents dims = eval(shape, symbols);
  for (size_t d = 0; d < dims.size(); ++d) dims[d] = std::clamp<int64_t>(dims[d], 0, most[d]);
  return dims;
}

Status Flow::launch(NativeStream& stream, const std::atomic<bool>* cancel) noexcept {
  if (kind_ == RecorderKind::kLog) return {};
  if (frames_.empty() || addresses_.size() != slots_ + 1)
    return {Code::kInvalid, "launch before finish"};
  for (Frame& frame : frames_) frame.runs = 0;
  for (StepTime& line : lines_) line.us = 0;
  timed_us_ = 0;
  return run(0, {stream, cancel});
}

// Called programs are at most kMaxCallDepth deep.
Status Flow::run(uint32_t frame, const Run& run) noexcept {
  ++frames_[frame].runs;
  for (Action& action : frames_[frame].actions) {
    if (run.stopped()) return cancelled();
    Status status;
    if (kind_ == RecorderKind::kTimer && action.line != UINT32_MAX) {
      // Its own time: without that of the steps it runs.
      const Clock::time_point start = Clock::now();
      const double before = timed_us_;
      status = act(action, run);
      const double own = std::max(us_since(start) - (timed_us_ - before), 0.0);
      lines_[action.line].us += own;
      timed_us_ += own;
    } else {
      status = act(action, run);
    }
    if (!status.ok()) return status;
  }
  return {};
}

Status Flow::run_segment(uint32_t index, const Run& run) noexcept {
  Segment& segment = segments_[index];
  const Status status = segment.recorder->launch(run.stream, run.cancel);
  if (kind_ != RecorderKind::kTimer) return status;
  try {
    const std::vector<double> us = segment.recorder->step_us();
    for (size_t k = 0; k < std::min(us.size(), segment.lines.size()); ++k) {
      lines_[segment.lines[k]].us += us[k];
      timed_us_ += us[k];
    }
  } catch (const std::bad_alloc&) {
    return {Code::kResource, "out of memory for a profile"};
  }
  return status;
}

Status Flow::act(Action& action, const Run& run) noexcept {
  switch (action.kind) {
    case Action::Kind::kRun: return run_segment(action.segment, run);
    case Action::Kind::kCall: return this->run(action.frame, run);
    case Action::Kind::kIf: {
      bool taken = false;
      if (const Status status = read_flag(action.value, &taken, run); !status.ok()) return status;
      return this->run(taken ? action.frame : action.other, run);
    }
    case Action::Kind::kLoop: return loop(action, run);
    case Action::Kind::kScalar: return evaluate(action, run);
    case Action::Kind::kReadBack: {
      int64_t value = 0;
      bool flag = false;
      const Status status = action.is_bool ? read_flag(action.value, &flag, run)
                                           : read(action.value, &value, sizeof value, run);
      if (!status.ok()) return status;
      return set_count(action, action.is_bool ? static_cast<int64_t>(flag) : value);
    }
  }
  return {};
}

Status Flow::loop(Action& action, const Run& run) noexcept {
  int64_t limit = INT64_MAX, done = 0;
  bool goes_on = true;
  if (action.trips.valid())
    if (const Status s = read(action.trips, &limit, sizeof limit, run); !s.ok()) return s;
  if (action.condition.valid())
    if (const Status s = read_flag(action.condition, &goes_on, run); !s.ok()) return s;
  if (action.segment != UINT32_MAX)
    if (const Status s = run_segment(action.segment, run); !s.ok()) return s;
  for (; goes_on && done < limit; ++done) {
    if (run.stopped()) return cancelled();
    if (done >= kMaxTrips) return {Code::kInvalid, "a loop does not end", done};
    if (done >= action.most)
      return {Code::kInvalid, "a loop runs more often than there is room for", done};
    if (const Status s = iterate(action, done, &goes_on, run); !s.ok()) return s;
  }
  for (const Action::Gather& g : action.gathers)
    if (g.bytes > 0 && done < g.room)
      if (const Status s =
              device_.fill(at(g.to) + done * g.bytes, 0, (g.room - done) * g.bytes, run.stream);
          !s.ok())
        return s;
  if (action.count != UINT32_MAX) values_.set(counts_[action.count], done);
  return {};
}

Status Flow::iterate(Action& action, int64_t done, bool* goes_on, const Run& run) noexcept {
  action.number = done;
  if (const Status s = write(action.iteration, &action.number, sizeof action.number, run); !s.ok())
    return s;
  if (const Status s = write(action.value, &action.flag, sizeof action.flag, run); !s.ok())
    return s;
  if (const Status s = this->run(action.frame, run); !s.ok()) return s;
  if (const Status s = read_flag(action.next_condition, goes_on, run); !s.ok()) return s;
  if (action.next_segment != UINT32_MAX)
    if (const Status s = run_segment(action.next_segment, run); !s.ok()) return s;
  for (const Action::Gather& g : action.gathers)
    if (g.bytes > 0)
      if (const Status s = gather(g, done, run); !s.ok()) return s;
  return {};
}

Status Flow::gather(const Action::Gather& g, int64_t done, const Run& run) noexcept {
  std::byte* const to = at(g.to) + done * g.bytes;
  if (host_) {
    std::memcpy(to, at(g.from), static_cast<size_t>(g.bytes));
    return {};
  }
  addresses_[slots_] = to;
  Recorder& copy = *segments_[g.segment].recorder;
  if (const Status s = copy.rebind(addresses_); !s.ok()) return s;
  return copy.launch(run.stream, run.cancel);
}

Status Flow::set_count(const Action& action, int64_t value) noexcept {
  if (value < action.least || value > action.most)
    return {Code::kInvalid, "a size that the run counts is beyond its bound", value};
  values_.set(counts_[action.count], value);
  return {};
}

Status Flow::evaluate(Action& action, const Run& run) noexcept {
  try {
    action.number = action.expression.eval(values_);
  } catch (const std::exception&) {
    return {Code::kInvalid, "a size cannot be computed from those that the run counted"};
  }
  if (const Status s = write(action.value, &action.number, sizeof action.number, run); !s.ok())
    return s;
  return host_ ? Status() : run.stream.synchronize();
}

Status Flow::read(Slot slot, void* to, int64_t bytes, const Run& run) noexcept {
  if (host_) {
    std::memcpy(to, at(slot), static_cast<size_t>(bytes));
    return {};
  }
  if (const Status s = device_.copy_out(to, at(slot), bytes, run.stream); !s.ok()) return s;
  return run.stream.synchronize();
}

Status Flow::read_flag(Slot slot, bool* to, const Run& run) noexcept {
  uint8_t byte = 0;
  const Status status = read(slot, &byte, sizeof byte, run);
  *to = byte != 0;
  return status;
}

Status Flow::write(Slot slot, const void* from, int64_t bytes, const Run& run) noexcept {
  if (!host_) return device_.copy_in(at(slot), from, bytes, run.stream);
  std::memcpy(at(slot), from, static_cast<size_t>(bytes));
  return {};
}

}  // namespace tenfold
