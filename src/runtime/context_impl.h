// What a Context holds, and the pieces of its work that more than one file does.
#pragma once

#include <atomic>
#include <optional>

#include "src/runtime/bound.h"

namespace tenfold {

// A tensor's bytes in a Format's order, and back. Tensors are dense and row-major.
bool is_row_major(const Format& format);
void pack(const Tensor& tensor, const Format& format, void* storage);
Tensor unpack(const void* storage, const Format& format, const Extents& dims);
// The part of a tensor that begins at its first element.
Tensor trimmed(const Tensor& tensor, const Extents& dims);

// A value that can be read and the program that holds it. Those of a called program have the
// calling step's name before theirs: "loop/x".
struct TapAt {
  std::string name;
  const Bound* bound = nullptr;
  const Tap* tap = nullptr;
};
std::vector<TapAt> taps_of(const Engine::Impl& engine, const Bound& bound);

struct Context::Impl {
  std::shared_ptr<Engine> engine;
  std::vector<std::optional<Extents>> input_dims;    // -1 where set_batch met an unset symbol
  RecorderKind recorder = RecorderKind::kReplay;
  bool profiling = false;

  std::vector<std::unique_ptr<Bound>> prepared;      // bounded LRU
  Bound* bound = nullptr;
  uint64_t clock = 0;
  std::unique_ptr<Buffer> arena;                     // one for all prepared shapes
  std::vector<void*> addresses;                      // of bindings, as the caller set them
  std::unique_ptr<NativeStream> stream;              // for run, taps and zeroing
  std::vector<std::unique_ptr<Buffer>> staging;      // per binding, for run on other devices
  std::vector<Tensor> run_storage;                   // of the last run, for taps
  std::atomic<bool> busy{false};
  std::atomic<bool> cancelled{false};

  const Engine::Impl& core() const { return engine->impl(); }
  Device& device() const { return *engine->device(); }
  const std::vector<Binding>& bindings() const { return core().section->bindings; }
  NativeStream& own_stream();
  const Bound& need_bound() const;                   // Error{kInvalid} before bind()
  void check_binding(int index) const;               // Error{kNotFound}

  void bind();
  Status enqueue(NativeStream& on) noexcept;
  Status update_addresses() noexcept;
  std::map<std::string, Tensor> run(const std::map<std::string, Tensor>& inputs);
  Tensor read_tap(std::string_view name);
  Extents counted_dims(size_t binding) const;  // of the last run

 private:
  Bound* find_prepared(const ShapeSolution& shapes, RecorderKind kind);
  void make_room(const Bound& next);
  void grow_arena(Bound& next);
  void give_memory(Bound& next);
  void hold_taps();
  void drop_prepared();
  void check_run_memory() const;
  void set_run_shapes(const std::map<std::string, Tensor>& inputs);
};

// Held while a call works on a Context; `ok` is false when another thread holds it.
class BusyGuard {
 public:
  explicit BusyGuard(std::atomic<bool>& busy) noexcept
      : busy_(busy), ok_(!busy.exchange(true, std::memory_order_acquire)) {}
  ~BusyGuard() {
    if (ok_) busy_.store(false, std::memory_order_release);
  }
  BusyGuard(const BusyGuard&) = delete;
  BusyGuard& operator=(const BusyGuard&) = delete;
  bool ok() const noexcept { return ok_; }
  void or_throw() const;
  static Status refusal() noexcept {
    return {Code::kInvalid, "the context is in use by another thread"};
  }

 private:
  std::atomic<bool>& busy_;
  bool ok_;
};

}  // namespace tenfold
