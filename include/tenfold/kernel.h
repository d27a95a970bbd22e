// THE SEAM: a Row is one way to solve Problems. A plan half of pure functions, a run half that
// prepares, attaches and records Commands. Backends and plugins implement it; select and the
// runtime call it. A row never sees a Graph.
#pragma once

#include <cstddef>
#include <functional>

#include "tenfold/diag.h"
#include "tenfold/problem.h"

namespace tenfold {

class Device;

// Yes, or no with a reason that a user can read.
struct Verdict {
  bool yes = true;
  std::string reason;
  explicit operator bool() const { return yes; }
  static Verdict no(std::string why) { return {false, std::move(why)}; }
};

// Formats of all inputs and outputs of a Problem, and the types it computes in.
struct FormatTuple {
  std::vector<Format> inputs;
  std::vector<Format> outputs;
  DType compute = DType::kF32;
  DType accumulate = DType::kF32;
  bool operator==(const FormatTuple&) const = default;
};
// The Problem with its Formats decided: one for each operand.
Problem close_problem(Problem open, const FormatTuple& formats);

// A row's configuration as plain data, printable: "tile=64x32 stages=3". Empty: the row has none.
using Tactic = std::string;

struct Needs {
  int64_t step_scratch = 0;     // bytes, content undefined before and after the step
  int64_t context_scratch = 0;  // bytes per context, zeroed once
  int64_t alignment = 64;
};

// What a row generates at build time. `text_key` names the text, options and target it came from.
struct Artifact {
  std::string kind;             // "" none, "cubin"
  std::string entry;            // kernel name
  std::string text_key;
  std::vector<std::byte> code;
  bool empty() const { return code.empty(); }
};

// An address that is known only at bind: entry `index` of a Context's table, plus bytes.
struct Slot {
  uint32_t index = UINT32_MAX;
  int64_t offset = 0;
  bool valid() const { return index != UINT32_MAX; }
};

struct KernelArg {
  Slot slot;                    // a pointer argument when valid
  const void* bytes = nullptr;  // else `size` plain bytes, copied by the recorder
  uint32_t size = 0;
  static KernelArg ptr(Slot s) { return {s, nullptr, 0}; }
  template <typename T>
  static KernelArg value(const T& v) {
    return {{}, &v, sizeof(T)};
  }
};

struct Grid {
  uint32_t x = 1, y = 1, z = 1;
};

// Called on the executing thread with the addresses of its slots and its plain data.
using HostFn = void (*)(void* const* slots, const void* data) noexcept;
// Called with the native stream, e.g. CUstream. Returns a driver or library status, 0 for success.
using ForeignFn = int (*)(void* native_stream, void* const* slots, const void* data) noexcept;

// What a row records. Implementations: eager, CUDA graph, CPU list, timer, log. Nothing here
// throws; a failing recorder remembers the first Status and reports it at finish.
class Commands {
 public:
  virtual ~Commands() = default;
  // `function` is the device's handle of a loaded kernel (CUfunction).
  virtual void kernel(void* function, Grid grid, Grid block, uint32_t shared_bytes,
                      std::span<const KernelArg> args) noexcept = 0;
  virtual void copy(Slot dst, Slot src, int64_t bytes) noexcept = 0;
  virtual void fill(Slot dst, uint8_t value, int64_t bytes) noexcept = 0;
  // `data` (trivially copyable) is copied by the recorder.
  virtual void host(HostFn fn, std::span<const Slot> slots, const void* data,
                    size_t size) noexcept = 0;
  virtual void foreign(ForeignFn fn, std::span<const Slot> slots, const void* data, size_t size,
                       bool capturable) noexcept = 0;
};

// Engine-wide state of one step: modules, packed weights. Shared by threads, immutable after
// prepare.
class RowState {
 public:
  virtual ~RowState() = default;
};
// Per context and bound shape: library primitives, descriptors, counters.
class RowInstance {
 public:
  virtual ~RowInstance() = default;
  Needs needs;
};

struct PrepareArgs {
  const Problem& problem;       // closed, symbolic
  const Tactic& tactic;
  const Artifact* artifact;     // machine code the caller trusts, or null: emit or use the cache
  Device& device;
  int threads = 1;              // CPU threads that the engine may use
  // Host bytes of a constant input in that input's Format; null for other inputs.
  std::function<TensorView(int input)> constant;
};
struct AttachArgs {
  const Problem& problem;       // bound: every dim a number
  const Tactic& tactic;
  Device& device;
  int threads = 1;
};
struct Operands {
  std::span<const Slot> inputs; // invalid for constants that the row packed
  std::span<const Slot> outputs;
  Slot scratch;                 // step_scratch bytes
  Slot context_scratch;         // context_scratch bytes
};

class Row {
 public:
  virtual ~Row() = default;
  // --- plan half: functions of values; what a vendor's library says about a Target counts as one
  // (docs/adr/0008) ---
  virtual std::string_view name() const = 0;  // unique, stable: stored in plans ("onednn.conv")
  virtual std::string_view backend() const = 0;  // Target.kind it serves
  // Anchor patterns in the IR's text form: "Conv(x, @w)", "MaxPool(x)"; `@` asks for a constant,
  // "..." for any number of inputs. The grower adds what pointwise nodes do with the output as the
  // Expr.
  virtual std::vector<std::string> patterns() const = 0;
  // Asked with open Problems (Formats undecided) and again with closed ones.
  virtual Verdict supports(const Problem& problem, const Target& target) const = 0;
  // Formats it would take, best first, at most 8; `permitted` are the storage types allowed for its
  // non-constant operands (f32 always among them unless pinned otherwise).
  virtual std::vector<FormatTuple> formats(const Problem& problem, const Target& target,
                                           TypeSet permitted) const = 0;
  virtual std::vector<Tactic> tactics(const Problem& problem, const Target& target) const;  // {""}
  virtual Needs needs(const Problem& problem, const Tactic& tactic, const Target& target) const;
  virtual double estimate(const Problem& problem,
                          const Target& target) const = 0;  // us at tuning()
  virtual Artifact emit(const Problem& problem, const Tactic& tactic, const Target& target) const;
  // Whether an output, or an input that is no constant, may be a slice of a larger buffer
  // (Format.enclosing); `supports` decides on each closed Problem. Select makes only slices that
  // begin at a multiple of 16 bytes in a buffer whose rows are multiples of 16 bytes.
  virtual bool writes_slices() const { return false; }
  virtual bool reads_slices() const { return false; }
  // The input whose storage output 0 may share, or -1: of the output's dims and Format, and every
  // element of it read before the same element is written.
  virtual int in_place(const Problem&) const { return -1; }
  // Versions that its timings and bytes depend on, e.g. "onednn 3.2.0"; part of cache keys.
  virtual std::string version(const Target& target) const;
  // Whether prepare consumes constant input `k`, so that the engine need not keep it.
  virtual bool packs(const Problem& problem, int k) const;

  // --- run half ---
  virtual std::unique_ptr<RowState> prepare(const PrepareArgs& args) const;  // may throw
  virtual std::unique_ptr<RowInstance> attach(const RowState* state,
                                              const AttachArgs& args) const = 0;
  virtual void record(Commands& commands, const Operands& operands, const RowState* state,
                      const RowInstance& instance) const noexcept = 0;
};

// All rows: those of the enabled backends in list order, then registered plugins.
std::vector<const Row*> all_rows();
const Row* find_row(std::string_view name);  // nullptr if unknown
void register_row(std::unique_ptr<Row> row);  // plugins; Error{kInvalid} on a taken name

}  // namespace tenfold
