// Engine: a Plan made ready on a Device. Context: one running copy. Stream: where it runs.
#pragma once

#include "tenfold/device.h"
#include "tenfold/plan.h"

namespace tenfold {

// An in-order queue of work on a Device, which it keeps alive. Copies are the same queue. Not
// thread-safe.
class Stream {
 public:
  static Stream create(const std::shared_ptr<Device>& device);
  // Wraps a stream of the device's native kind (CUstream); not owned.
  static Stream from_native(const std::shared_ptr<Device>& device, void* native);
  NativeStream& native() const { return *stream_; }
  Status synchronize() noexcept { return stream_->synchronize(); }

 private:
  std::shared_ptr<Device> device_;
  std::shared_ptr<NativeStream> stream_;
};

struct EngineOptions {
  int threads = 0;               // CPU threads, at most kMaxThreads; 0: all
  bool trust = false;            // run machine code that the plan carries (SECURITY.md)
  int64_t memory_limit = 0;      // bytes per context; Error{kResource} beyond
  // Every step by the reference rows, on the CPU, whatever the plan's target.
  bool reference = false;
  // Told after each step of a run how much of its work is done, on host devices, for programs
  // without control flow. Its answer is ignored. From the thread that runs.
  ProgressFn progress = {};
};

class Context;

// A Plan made ready on a Device. Immutable and shared by threads; its contexts keep it alive.
class Engine : public std::enable_shared_from_this<Engine> {
 public:
  // Prepares every step: constants, modules, packed weights. A row that this machine lacks is
  // replaced by the reference's, with a message in messages(). Error{kInvalid, kUnsupported,
  // kResource}. Threads do not pass a fork(): a child process makes engines of its own, and it may
  // use several threads only if its parent had not.
  static std::shared_ptr<Engine> create(Plan plan, std::shared_ptr<Device> device,
                                        const EngineOptions& options = {});
  ~Engine();
  const Plan& plan() const;
  const Section& section() const;
  const std::shared_ptr<Device>& device() const;
  const std::vector<Binding>& bindings() const;
  int binding_index(std::string_view name) const;  // -1 if unknown
  // A sentence each: rows replaced, a plan made for another machine.
  const std::vector<std::string>& messages() const;
  int64_t constant_bytes() const;  // that the engine keeps, packed ones not
  std::unique_ptr<Context> create_context();

  struct Impl;
  const Impl& impl() const { return *impl_; }

 private:
  friend class Context;
  Engine();
  std::unique_ptr<Impl> impl_;
};

struct StepTime {
  std::string name, row;
  double us = 0;
};

// One execution state. Not thread-safe: one thread at a time; a second one gets Status kInvalid.
class Context {
 public:
  ~Context();
  const Engine& engine() const;

  // Fixes the input shapes: picks the program, plans memory, prepares primitives. Shapes seen
  // lately are kept (bounded LRU), so going back costs little. Build-time cost, may throw. May move
  // or free memory that earlier runs use: wait for them first.
  //   ctx.set_shape("data", {8,3,224,224}); ctx.bind();
  void set_shape(std::string_view input, const Extents& dims);
  // Sets every symbol named N; where there is none, n must be the inputs' first extent.
  void set_batch(int64_t n);
  void bind();
  // Of the bound program, outputs too. Sizes that a run counts: their bound before it, their count
  // once it has ended.
  Extents shape(int binding) const;
  int64_t bytes(int binding) const;  // that its address must have room for
  int64_t memory_bytes() const;  // arena and scratch of the bound shape

  // Device (or, on the CPU, host) addresses of inputs and outputs. Cheap itself; may change between
  // runs.
  // A device's are multiples of 16 bytes: kInvalid otherwise.
  Status set_address(int binding, void* address) noexcept;
  // Itself neither allocates, locks nor searches; vendor libraries may (oneDNN allocates). All
  // addresses must be set and bind() done. The first enqueue after an address of a vendor's step
  // has changed on a GPU captures that step anew, under a lock.
  Status enqueue(Stream& stream) noexcept;
  // Host tensors in, host tensors out: binds, copies, runs, waits. For tools and tests. The inputs'
  // shapes stay bound; addresses that were set are kept if they are the shapes of before, else
  // gone.
  std::map<std::string, Tensor> run(const std::map<std::string, Tensor>& inputs);

  void set_profiling(bool on);  // takes effect at the next bind()
  std::vector<StepTime> step_times() const;  // of the last profiled run
  // Values that the plan still holds; reading one does not change results.
  std::vector<std::string> taps() const;
  // After a run that has ended. The first reading of a bound shape runs it once more, in memory
  // where no tapped value is overwritten; the inputs must still be in place. Error{kNotFound} lists
  // taps.
  Tensor read_tap(std::string_view name);
  // From any thread: ends the run in progress, or the next one if there is none, between two steps
  // with Status kCancelled.
  void cancel() noexcept;
  std::string recorded() const;  // text of the log recorder or graph statistics
  void set_recorder(RecorderKind kind);  // takes effect at the next bind()

 private:
  friend class Engine;
  Context();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tenfold
