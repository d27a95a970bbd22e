// The real device: memory, streams and kernels of a GPU through the driver.
#include <algorithm>
#include <cstring>

#include "backends/cuda/commands/recorders.h"
#include "backends/cuda/driver/data_sheets.h"
#include "backends/cuda/driver/device.h"
#include "backends/cuda/driver/nvrtc_api.h"

namespace tenfold::cuda {
namespace {

class Gpu;

class GpuBuffer : public Buffer {
 public:
  GpuBuffer(std::shared_ptr<CudaDevice> device, int64_t bytes, MemoryKind kind)
      : device_(std::move(device)), kind_(kind) {
    const size_t size = static_cast<size_t>(std::max<int64_t>(bytes, 1));
    device_->make_current();
    if (kind == MemoryKind::kHostPinned) {
      check(device_->api().host_alloc(&data_, size), "cuMemAllocHost");
    } else {
      CUdeviceptr address = 0;
      const CUresult result = device_->api().mem_alloc(&address, size);
      if (result != kSuccess)
        throw Error(result == kErrorOutOfMemory ? Code::kResource : Code::kDevice,
                    "cuMemAlloc of " + std::to_string(bytes) + " bytes: " + describe(result));
      data_ = reinterpret_cast<void*>(address);
    }
    bytes_ = bytes;
  }
  ~GpuBuffer() override {
    device_->make_current();
    if (kind_ == MemoryKind::kHostPinned)
      device_->api().host_free(data_);
    else
      device_->api().mem_free(reinterpret_cast<CUdeviceptr>(data_));
  }

 private:
  std::shared_ptr<CudaDevice> device_;
  MemoryKind kind_;
};

class GpuStream : public NativeStream {
 public:
  GpuStream(std::shared_ptr<CudaDevice> device, CUstream stream, bool owned)
      : device_(std::move(device)), stream_(stream), owned_(owned) {}
  ~GpuStream() override {
    if (!owned_) return;
    device_->make_current();
    device_->api().stream_destroy(stream_);
  }
  void* native() const noexcept override { return stream_; }
  Status synchronize() noexcept override {
    device_->make_current();
    return status(device_->api().stream_synchronize(stream_), "cuStreamSynchronize");
  }

 private:
  std::shared_ptr<CudaDevice> device_;
  CUstream stream_;
  bool owned_;
};

struct GpuKernel : LoadedKernel {
  std::shared_ptr<CudaDevice> device;
  CUmodule module = nullptr;
  ~GpuKernel() override {
    if (!module) return;
    device->forget(function);
    device->make_current();
    device->api().module_unload(module);
  }
};

class Gpu final : public CudaDevice, public std::enable_shared_from_this<Gpu> {
 public:
  explicit Gpu(int index) : api_(*driver()) {
    ref_ = {"cuda", index};
    check(api_.device_get(&device_, index), "cuDeviceGet");
    check(api_.primary_context_retain(&context_, device_), "cuDevicePrimaryCtxRetain");
    try {
      make_current();
      describe_target();
    } catch (...) {
      api_.primary_context_release(device_);
      throw;
    }
  }
  ~Gpu() override {
    make_current();
    drop_attachments();
    api_.primary_context_release(device_);
  }

  const Target& target() const override { return target_; }
  DeviceRef ref() const override { return ref_; }
  bool host_accessible() const override { return false; }
  bool real() const override { return true; }
  const DriverApi& api() const override { return api_; }
  CUcontext context() const override { return context_; }
  void make_current() const noexcept override {
    CUcontext current = nullptr;
    if (api_.context_get(&current) == kSuccess && current == context_) return;
    api_.context_set(context_);
  }

  std::unique_ptr<Buffer> allocate(int64_t bytes, MemoryKind kind) override {
    if (bytes < 0) throw Error(Code::kInternal, "negative allocation");
    return std::make_unique<GpuBuffer>(shared_from_this(), bytes, kind);
  }
  std::unique_ptr<NativeStream> create_stream() override {
    make_current();
    CUstream stream = nullptr;
    check(api_.stream_create(&stream, kStreamNonBlocking), "cuStreamCreate");
    return std::make_unique<GpuStream>(shared_from_this(), stream, true);
  }
  std::unique_ptr<NativeStream> wrap_stream(void* native) override {
    return std::make_unique<GpuStream>(shared_from_this(), static_cast<CUstream>(native), false);
  }
  std::unique_ptr<Recorder> create_recorder(RecorderKind kind) override {
    switch (kind) {
      case RecorderKind::kReplay: return make_graph_recorder(shared_from_this());
      case RecorderKind::kTimer: return make_eager_recorder(shared_from_this(), true);
      case RecorderKind::kEager: return make_eager_recorder(shared_from_this(), false);
      case RecorderKind::kLog: return make_log_recorder(shared_from_this());
    }
    throw Error(Code::kInternal, "unknown recorder kind");
  }

  Status copy_in(void* dst, const void* host, int64_t bytes, NativeStream& s) noexcept override {
    if (bytes == 0) return {};
    make_current();
    return status(
        api_.memcpy_to_device(reinterpret_cast<CUdeviceptr>(dst), host, static_cast<size_t>(bytes),
                              static_cast<CUstream>(s.native())),
        "cuMemcpyHtoDAsync");
  }
  Status copy_out(void* host, const void* src, int64_t bytes, NativeStream& s) noexcept override {
    if (bytes == 0) return {};
    make_current();
    return status(
        api_.memcpy_to_host(host, reinterpret_cast<CUdeviceptr>(src), static_cast<size_t>(bytes),
                            static_cast<CUstream>(s.native())),
        "cuMemcpyDtoHAsync");
  }
  Status fill(void* dst, uint8_t value, int64_t bytes, NativeStream& s) noexcept override {
    if (bytes == 0) return {};
    make_current();
    return status(api_.memset8(reinterpret_cast<CUdeviceptr>(dst), value,
                               static_cast<size_t>(bytes), static_cast<CUstream>(s.native())),
                  "cuMemsetD8Async");
  }

  std::shared_ptr<const LoadedKernel> load_kernel(const Artifact& artifact,
                                                  int dynamic_shared) override {
    if (artifact.kind != "cubin" || artifact.code.empty())
      throw Error(Code::kInternal, "kernel " + artifact.entry + " has no machine code");
    const std::lock_guard<std::mutex> lock(mutex_);
    std::weak_ptr<GpuKernel>& slot = kernels_[artifact.text_key + artifact.entry];
    std::shared_ptr<GpuKernel> kernel = slot.lock();
    make_current();
    if (!kernel) {
      std::erase_if(kernels_, [&](const auto& entry) {
        return entry.second.expired() && &entry.second != &slot;
      });
      kernel = std::make_shared<GpuKernel>();
      kernel->device = shared_from_this();
      kernel->name = artifact.entry;
      check(api_.module_load(&kernel->module, artifact.code.data()), "cuModuleLoadData");
      CUfunction function = nullptr;
      check(api_.module_function(&function, kernel->module, artifact.entry.c_str()),
            "cuModuleGetFunction");
      kernel->function = function;
      api_.function_get(&kernel->registers, kFuncRegisters, function);
      api_.function_get(&kernel->static_shared, kFuncSharedSize, function);
      api_.function_get(&kernel->local_bytes, kFuncLocalSize, function);
      remember(function, artifact.entry);
      slot = kernel;
    }
    const CUfunction function = static_cast<CUfunction>(kernel->function);
    int allowed = 0;
    api_.function_get(&allowed, kFuncMaxDynamicShared, function);
    if (dynamic_shared > allowed)
      check(api_.function_set(function, kFuncMaxDynamicShared, dynamic_shared),
            "cuFuncSetAttribute");
    return kernel;
  }
  int occupancy(void* function, int threads, int shared_bytes) const noexcept override {
    int blocks = 0;
    make_current();
    api_.occupancy(&blocks, static_cast<CUfunction>(function), threads,
                   static_cast<size_t>(shared_bytes));
    return blocks;
  }

 private:
  int64_t attribute(int id) const {
    int value = 0;
    api_.device_attribute(&value, id, device_);
    return value;
  }
  void describe_target() {
    char name[256] = {};
    check(api_.device_name(name, sizeof name - 1, device_), "cuDeviceGetName");
    size_t memory = 0;
    api_.device_total_mem(&memory, device_);
    // Rates are in no attribute: those of the known machine of this name, else derived.
    for (const std::string& known : gpu_names())
      if (const Target preset = *find_gpu(known); preset.name == name) target_ = preset;
    const bool known = !target_.name.empty();
    target_.kind = "cuda";
    target_.name = name;
    auto& n = target_.numbers;
    n["cc"] = attribute(kAttrComputeMajor) * 10 + attribute(kAttrComputeMinor);
    n["sm_count"] = attribute(kAttrMultiprocessorCount);
    n["warp_size"] = attribute(kAttrWarpSize);
    n["shared_per_block"] = attribute(kAttrMaxSharedPerBlock);
    n["shared_per_block_optin"] = attribute(kAttrSharedPerBlockOptin);
    n["shared_per_sm"] = attribute(kAttrSharedPerMultiprocessor);
    n["threads_per_sm"] = attribute(kAttrThreadsPerMultiprocessor);
    n["l2_bytes"] = attribute(kAttrL2Bytes);
    n["mem_bytes"] = static_cast<int64_t>(memory);
    n["clock_khz"] = attribute(kAttrClockRate);
    if (!known) {
      n["regs_per_sm"] = 65536;
      // Double data rate: two transfers a clock.
      n["mem_bytes_per_s"] =
          attribute(kAttrMemoryClockRate) * 1000 * 2 * attribute(kAttrMemoryBusWidth) / 8;
      const int64_t per_clock = n["sm_count"] * n["clock_khz"] * 1000;
      n["f32_flops"] = per_clock * (n["cc"] == 80 ? 128 : 256);
      n["tf32_flops"] = per_clock * (n["cc"] >= 90 ? 2048 : n["cc"] == 80 ? 1024 : 256);
      n["f16_flops"] = per_clock * (n["cc"] >= 90 ? 4096 : n["cc"] == 80 ? 2048 : 512);
    }
    target_.texts["driver"] =
        std::to_string(api_.version / 1000) + "." + std::to_string(api_.version % 1000 / 10);
    if (nvrtc()) target_.texts["nvrtc"] = nvrtc()->version();
  }

  const DriverApi& api_;
  CUdevice device_ = 0;
  CUcontext context_ = nullptr;
  DeviceRef ref_;
  Target target_;
  std::mutex mutex_;
  std::map<std::string, std::weak_ptr<GpuKernel>> kernels_;
};

}  // namespace

std::recursive_mutex& library_mutex() {
  static std::recursive_mutex mutex;
  return mutex;
}

std::shared_ptr<void> CudaDevice::attachment(const std::string& key,
                                             const std::function<std::shared_ptr<void>()>& make) {
  const std::lock_guard<std::mutex> lock(attachment_mutex_);
  std::shared_ptr<void>& slot = attachments_[key];
  if (!slot) slot = make();
  return slot;
}

std::string CudaDevice::kernel_name(const void* function) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = names_.find(function);
  return found == names_.end() ? "?" : found->second;
}

void CudaDevice::remember(const void* function, const std::string& name) {
  const std::lock_guard<std::mutex> lock(mutex_);
  names_[function] = name;
}

void CudaDevice::forget(const void* function) {
  const std::lock_guard<std::mutex> lock(mutex_);
  names_.erase(function);
}

int gpu_count() {
  const DriverApi* api = driver();
  int count = 0;
  return api && api->device_count(&count) == kSuccess ? count : 0;
}

std::shared_ptr<CudaDevice> open_gpu(int index) {
  if (!driver()) throw Error(Code::kDevice, "no CUDA driver: " + driver_error());
  const int count = gpu_count();
  if (index < 0 || index >= count)
    throw Error(Code::kNotFound, "no GPU cuda:" + std::to_string(index) + "; this machine has " +
                                     std::to_string(count));
  static std::mutex mutex;
  static std::map<int, std::weak_ptr<CudaDevice>> open;
  const std::lock_guard<std::mutex> lock(mutex);
  std::shared_ptr<CudaDevice> device = open[index].lock();
  if (!device) open[index] = device = std::make_shared<Gpu>(index);
  return device;
}

}  // namespace tenfold::cuda
