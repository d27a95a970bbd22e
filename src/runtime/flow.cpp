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
    : device_(device), kind_(kind), slots_(slots) {}

uint32_t Flow::add_frame() {
  frames_.emplace_back();
  return static_cast<uint32_t>(frames_.size()) - 1;
}

uint32_t Flow::add_segment() {
  segments_.push_back({device_.create_recorder(kind_), {}});
  segments_.back().recorder->begin(slots_);
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
  } catch (const std::bad_alloc&) {
    return {Code::kResource, "out of memory while recording"};
  }
  for (const Segment& s : segments_)
    if (const Status status = s.recorder->finish(addresses); !status.ok()) return status;
  return {};
}

Status Flow::rebind(std::span<void* const> addresses) noexcept {
  if (addresses.size() != addresses_.size()) return {Code::kInvalid, "rebind before finish"};
  std::copy(addresses.begin(), addresses.end(), addresses_.begin());
  for (const Segment& s : segments_)
    if (const Status status = s.recorder->rebind(addresses); !status.ok()) return status;
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
  if (frames_.empty() || addresses_.size() != slots_)
    return {Code::kInvalid, "launch before finish"};
  for (Frame& frame : frames_) frame.runs = 0;
  for (StepTime& line : lines_) line.us = 0;
  timed_us_ = 0;
  return run(0, {stream, cancel});
}

// Called programs are at most kMaxCallDepth deep.
Status Flow::run(uint32_t frame, const Run& run) noexcept {
  ++frames_[frame].runs;
  for (const Action& action : frames_[frame].actions) {
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

Status Flow::act(const Action& action, const Run& run) noexcept {
  switch (action.kind) {
    case Action::Kind::kRun: return run_segment(action.segment, run);
    case Action::Kind::kCall: return this->run(action.frame, run);
    case Action::Kind::kIf:
      return this->run(read_bool(action.value) ? action.frame : action.other, run);
    case Action::Kind::kLoop: return loop(action, run);
    case Action::Kind::kScalar: return evaluate(action);
    case Action::Kind::kReadBack:
      return set_count(action, action.is_bool ? static_cast<int64_t>(read_bool(action.value))
                                              : read_i64(action.value));
  }
  return {};
}

Status Flow::loop(const Action& action, const Run& run) noexcept {
  const int64_t limit = action.trips.valid() ? read_i64(action.trips) : INT64_MAX;
  bool goes_on = action.condition.valid() ? read_bool(action.condition) : true;
  if (action.segment != UINT32_MAX)
    if (const Status status = run_segment(action.segment, run); !status.ok()) return status;
  int64_t done = 0;
  for (; goes_on && done < limit; ++done) {
    if (run.stopped()) return cancelled();
    if (done >= kMaxTrips) return {Code::kInvalid, "a loop does not end", done};
    if (done >= action.most)
      return {Code::kInvalid, "a loop runs more often than there is room for", done};
    const uint8_t flag = 1;
    std::memcpy(at(action.iteration), &done, sizeof done);
    std::memcpy(at(action.value), &flag, sizeof flag);
    if (const Status status = this->run(action.frame, run); !status.ok()) return status;
    goes_on = read_bool(action.next_condition);
    if (action.next_segment != UINT32_MAX)
      if (const Status status = run_segment(action.next_segment, run); !status.ok()) return status;
    for (const Action::Gather& g : action.gathers)
      if (g.bytes > 0)
        std::memcpy(at(g.to) + done * g.bytes, at(g.from), static_cast<size_t>(g.bytes));
  }
  for (const Action::Gather& g : action.gathers)
    if (g.bytes > 0 && done < g.room)
      std::memset(at(g.to) + done * g.bytes, 0, static_cast<size_t>((g.room - done) * g.bytes));
  if (action.count == UINT32_MAX) return {};
  values_.set(counts_[action.count], done);
  return {};
}

Status Flow::set_count(const Action& action, int64_t value) noexcept {
  if (value < action.least || value > action.most)
    return {Code::kInvalid, "a size that the run counts is beyond its bound", value};
  values_.set(counts_[action.count], value);
  return {};
}

Status Flow::evaluate(const Action& action) noexcept {
  try {
    const int64_t value = action.expression.eval(values_);
    std::memcpy(at(action.value), &value, sizeof value);
    return {};
  } catch (const std::exception&) {
    return {Code::kInvalid, "a size cannot be computed from those that the run counted"};
  }
}

bool Flow::read_bool(Slot slot) const noexcept { return std::to_integer<uint8_t>(*at(slot)) != 0; }

int64_t Flow::read_i64(Slot slot) const noexcept {
  int64_t value = 0;
  std::memcpy(&value, at(slot), sizeof value);
  return value;
}

}  // namespace tenfold
