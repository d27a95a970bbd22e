// The CUDA device: a retained primary context, its memory, streams and loaded kernels.
#pragma once

#include <map>
#include <mutex>

#include "backends/cuda/driver/driver_api.h"
#include "tenfold/device.h"

namespace tenfold::cuda {

// A loaded kernel. Shared: the module stays as long as somebody holds it.
struct LoadedKernel {
  void* function = nullptr;      // CUfunction: what Commands::kernel takes
  std::string name;
  int registers = 0;
  int static_shared = 0;         // bytes
  int local_bytes = 0;           // a thread's spills and stack
  virtual ~LoadedKernel() = default;
};

// What rows of this backend may ask of their Device: static_cast<CudaDevice&>(args.device).
class CudaDevice : public Device {
 public:
  // Loads an Artifact of kind "cubin"; equal text keys share one module. `dynamic_shared` is the
  // most that launches will ask for. Error{kDevice} if the driver refuses it.
  virtual std::shared_ptr<const LoadedKernel> load_kernel(const Artifact& artifact,
                                                          int dynamic_shared) = 0;
  // False for the device that only logs: it holds no context, and rows skip what needs one.
  virtual bool real() const = 0;
  // The two below: real devices only.
  virtual const DriverApi& api() const = 0;
  virtual CUcontext context() const = 0;
  // Makes the context current on this thread. Call it before driver or vendor calls; cheap.
  virtual void make_current() const noexcept = 0;
  // Blocks of `function` that fit a multiprocessor; 0 when unknown.
  virtual int occupancy(void* function, int threads, int shared_bytes) const noexcept = 0;

  // Something that lives as long as the device and is made at the first call: a vendor library's
  // handle. Thread-safe; `make` runs at most once a key unless it throws.
  std::shared_ptr<void> attachment(const std::string& key,
                                   const std::function<std::shared_ptr<void>()>& make);
  // The name of a loaded kernel, for logs; "?" if unknown.
  std::string kernel_name(const void* function) const;
  // The kernel is unloaded.
  void forget(const void* function);

 protected:
  void remember(const void* function, const std::string& name);
  void drop_attachments() { attachments_.clear(); }

 private:
  mutable std::mutex mutex_;
  std::mutex attachment_mutex_;
  std::map<std::string, std::shared_ptr<void>> attachments_;
  std::map<const void*, std::string> names_;
};

// Held while a vendor library's calls are captured, and by calls that may synchronize the device or
// load code: making and destroying handles, first runs. A capture does not survive another thread's
// synchronization. Taken before any other lock of the backend; never on the way of an enqueue.
std::recursive_mutex& library_mutex();

// The number of GPUs; 0 without a driver.
int gpu_count();
// Device `index`; shared and cached while somebody holds it. Error{kDevice, kNotFound}.
std::shared_ptr<CudaDevice> open_gpu(int index);
// A device for `target` without a machine: host memory, kernels that are only names, and the log
// recorder. Plans for a GPU are tested with it.
std::shared_ptr<CudaDevice> open_log_device(const Target& target);

}  // namespace tenfold::cuda
