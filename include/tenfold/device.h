// Device: a machine at hand. Memory, streams and recorders; found through the enabled backends.
#pragma once

#include <atomic>

#include "tenfold/kernel.h"

namespace tenfold {

enum class MemoryKind : uint8_t { kDevice, kHostPinned };

// Owned device or pinned memory, freed with the Buffer; may outlive the caller's Device pointer.
class Buffer {
 public:
  virtual ~Buffer() = default;
  void* data() const { return data_; }
  int64_t bytes() const { return bytes_; }

 protected:
  void* data_ = nullptr;
  int64_t bytes_ = 0;
};

// An in-order queue of work. Not thread-safe; may outlive the caller's Device pointer.
class NativeStream {
 public:
  virtual ~NativeStream() = default;
  virtual void* native() const noexcept = 0;            // CUstream; null on the CPU
  virtual Status synchronize() noexcept = 0;
};

enum class RecorderKind : uint8_t {
  kReplay,  // CUDA graph on a GPU, command list on a CPU: records at bind
  kEager,   // issues at launch
  kTimer,   // replays step by step and measures each
  kLog,     // writes what it is told; runs nothing, needs no device
};

// Commands with a life: begin, steps, finish; then launch as often as wanted.
class Recorder : public Commands {
 public:
  virtual void begin(uint32_t slots) noexcept = 0;
  // Until the next call, commands belong to this step; `deps` are indices of earlier steps.
  virtual void begin_step(uint32_t step, std::span<const uint32_t> deps) noexcept = 0;
  // Resolves slots and makes launch cheap. `addresses[k]` is slot k's.
  virtual Status finish(std::span<void* const> addresses) noexcept = 0;
  // Changes addresses in place (inputs and outputs between launches).
  virtual Status rebind(std::span<void* const> addresses) noexcept = 0;
  // Neither allocates, locks nor searches. Stops between steps once *cancel is true.
  virtual Status launch(NativeStream& stream, const std::atomic<bool>* cancel) noexcept = 0;
  virtual std::vector<double> step_us() const { return {}; }   // kTimer, of the last launch
  virtual std::string text() const { return {}; }              // kLog; also graph statistics
};

// A machine at hand. Shared by threads, which bring streams and recorders of their own.
class Device {
 public:
  virtual ~Device() = default;
  virtual const Target& target() const = 0;
  virtual DeviceRef ref() const = 0;
  virtual bool host_accessible() const = 0;  // data() of its Buffers can be dereferenced
  virtual std::unique_ptr<Buffer> allocate(int64_t bytes, MemoryKind kind) = 0;  // Error{kResource}
  virtual std::unique_ptr<NativeStream> create_stream() = 0;
  virtual std::unique_ptr<NativeStream> wrap_stream(void* native) = 0;  // not owned
  virtual std::unique_ptr<Recorder> create_recorder(RecorderKind kind) = 0;
  // Queued on the stream: host memory must stay until the stream has been waited for.
  virtual Status copy_in(void* dst, const void* host, int64_t bytes, NativeStream& s) noexcept = 0;
  virtual Status copy_out(void* host, const void* src, int64_t bytes, NativeStream& s) noexcept = 0;
  virtual Status fill(void* dst, uint8_t value, int64_t bytes, NativeStream& s) noexcept = 0;
};

// One backend: devices of a kind and rows for it. Which are enabled: backends/backends.def.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::string_view kind() const = 0;  // Target.kind, DeviceRef.kind
  virtual std::vector<const Row*> rows() const = 0;
  // Whether any machine of the kind runs a plan made for another: its constants travel as sources
  // and recipes, and rows pack them when an Engine is made. Else they are stored as steps read
  // them.
  virtual bool portable_plans() const = 0;
  // Whether steps run one after another, in the plan's order.
  virtual bool runs_in_order() const = 0;
  // Machines of the kind that plans can be built for without having one, "h200", with the numbers
  // of their data sheets. "": one like this machine.
  virtual std::vector<std::string> target_names() const = 0;
  virtual std::optional<Target> find_target(std::string_view name) const = 0;
  // What could not be had and why ("libcuda.so.1: not found"), for `tenfold devices`.
  virtual std::vector<std::string> notes() const = 0;
  virtual int device_count() const = 0;  // 0 where the driver is missing
  virtual std::shared_ptr<Device> open(int index) = 0;  // Error{kDevice, kNotFound}; shared, cached
};
std::vector<Backend*> backends();
Backend& backend_of(const Target& target);  // Error{kUnsupported} if this build has none
// The device whose memory is the host's, on which the reference rows run.
std::shared_ptr<Device> host_device();
// Opens a device; "" or "auto" in `ref.kind` picks a GPU if one can be opened, else the CPU, and
// says why in `reason` if given.
std::shared_ptr<Device> open_device(const DeviceRef& ref, std::string* reason = nullptr);

}  // namespace tenfold
