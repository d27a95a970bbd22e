// Programs that decide while they run (docs/adr/0011): straight pieces of steps are recorded as
// everywhere, and a Flow walks between them through branches, loops and counts.
#pragma once

#include "src/runtime/bound.h"

namespace tenfold {

// Called by attach_step, plan_bound_memory and record_steps for steps that no row does.
void attach_flow(const Engine::Impl& engine, const Values& values, size_t k, Bound& bound);
// Memory of the programs that steps call, which makes those steps' scratch; then `bound`'s own is
// to be planned.
void plan_called_memory(const Engine::Impl& engine, Bound& bound, bool keep_taps);
void record_flow(const Engine::Impl& engine, Bound& bound);

class Flow final : public Recorder {
 public:
  Flow(Device& device, RecorderKind kind, uint32_t slots);

  // --- what record_flow builds it with; frames and registers have indices ---
  struct Action {
    enum class Kind : uint8_t { kRun, kCall, kIf, kLoop, kScalar, kReadBack };
    Kind kind = Kind::kRun;
    uint32_t line = UINT32_MAX;              // of times()
    uint32_t segment = 0,
             next_segment = 0;  // kRun; kLoop: copies before it and after each iteration
    uint32_t frame = 0, other = 0;           // called programs
    Slot value, trips, iteration, condition, next_condition;
    bool is_bool = false;                    // of kReadBack: else i64
    uint32_t count = UINT32_MAX;             // register that is set
    int64_t least = 0,
            most = 0;  // what it may hold; of kLoop: the most iterations that there is room for
    Dim expression;  // of kScalar
    struct Gather {
      Slot from, to;
      int64_t bytes = 0, room = 0;     // of one result; how many
      uint32_t segment = UINT32_MAX;  // copies `from` to the moving slot; none on the host
    };
    std::vector<Gather> gathers;
    int64_t number = 0;    // what is on its way to the device
    uint8_t flag = 1;
  };
  uint32_t add_frame();
  uint32_t add_segment();  // a recorder that has begun; end_segment finishes it
  Recorder& segment(uint32_t index) { return *segments_[index].recorder; }
  Slot moving() const { return {slots_, 0}; }  // for gathers
  void end_segment(uint32_t index, std::vector<uint32_t> lines);
  uint32_t add_count(const std::string& symbol, int64_t most);
  uint32_t add_line(std::string name, std::string row);
  void add(uint32_t frame, Action action) { frames_[frame].actions.push_back(std::move(action)); }
  void note(const std::string& text) { log_ += text; }  // in the log's place among the segments

  // --- Recorder ---
  Status finish(std::span<void* const> addresses) noexcept override;
  Status rebind(std::span<void* const> addresses) noexcept override;
  Status launch(NativeStream& stream, const std::atomic<bool>* cancel) noexcept override;
  std::string text() const override;
  // Flow is put together by its builder; commands go to its segments.
  void begin(uint32_t) noexcept override {}
  void begin_step(uint32_t, std::span<const uint32_t>) noexcept override {}
  void kernel(void*, Grid, Grid, uint32_t, std::span<const KernelArg>) noexcept override {}
  void copy(Slot, Slot, int64_t) noexcept override {}
  void fill(Slot, uint8_t, int64_t) noexcept override {}
  void host(HostFn, std::span<const Slot>, const void*, size_t) noexcept override {}
  void foreign(ForeignFn, std::span<const Slot>, const void*, size_t, bool) noexcept override {}

  // --- of the last launch, once it has ended ---
  std::vector<StepTime> times() const { return lines_; }
  bool reached(uint32_t frame) const { return frames_[frame].runs > 0; }
  // A shape with the sizes that the run counted, nowhere larger than at `bounds`.
  Extents counted_dims(const Shape& shape, const SymbolValues& bounds) const;

 private:
  struct Frame {
    std::vector<Action> actions;
    int64_t runs = 0;
  };
  struct Segment {
    std::unique_ptr<Recorder> recorder;
    std::vector<uint32_t> lines;  // by its steps
  };
  struct Run {
    NativeStream& stream;
    const std::atomic<bool>* cancel;
    bool stopped() const { return cancel && cancel->load(std::memory_order_relaxed); }
  };
  void park() noexcept;
  Status run(uint32_t frame, const Run& run) noexcept;
  Status run_segment(uint32_t index, const Run& run) noexcept;
  Status act(Action& action, const Run& run) noexcept;
  Status loop(Action& action, const Run& run) noexcept;
  Status iterate(Action& action, int64_t done, bool* goes_on, const Run& run) noexcept;
  Status gather(const Action::Gather& g, int64_t done, const Run& run) noexcept;
  Status set_count(const Action& action, int64_t value) noexcept;
  Status evaluate(Action& action, const Run& run) noexcept;
  std::byte* at(Slot slot) const noexcept {
    return static_cast<std::byte*>(addresses_[slot.index]) + slot.offset;
  }
  // What a step left there: on a device whose memory the host does not reach, after a wait.
  Status read(Slot slot, void* to, int64_t bytes, const Run& run) noexcept;
  Status read_flag(Slot slot, bool* to, const Run& run) noexcept;
  // `from` must stay until the stream has been waited for.
  Status write(Slot slot, const void* from, int64_t bytes, const Run& run) noexcept;

  Device& device_;
  const RecorderKind kind_;
  const uint32_t slots_;  // the caller's; one more moves along what is gathered
  const bool host_;
  std::vector<Frame> frames_;
  std::vector<Segment> segments_;
  std::vector<std::string> counts_;  // symbols, by register
  SymbolValues values_;  // of counted symbols, under the registers' names
  std::vector<void*> addresses_;
  std::vector<StepTime> lines_;
  double timed_us_ = 0;
  std::string log_;
};

}  // namespace tenfold
