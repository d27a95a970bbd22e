// A device without a machine: host memory and kernels that are only names.
#include <algorithm>
#include <cstring>

#include "backends/cuda/commands/recorders.h"
#include "backends/cuda/driver/device.h"

namespace tenfold::cuda {
namespace {

class HostBuffer : public Buffer {
 public:
  explicit HostBuffer(int64_t bytes)
      : storage_(static_cast<size_t>(std::max<int64_t>(bytes, 1)) + 255) {
    const auto address = reinterpret_cast<uintptr_t>(storage_.data());
    data_ = storage_.data() + (256 - address % 256) % 256;
    bytes_ = bytes;
  }

 private:
  std::vector<std::byte> storage_;
};

class NoStream : public NativeStream {
 public:
  void* native() const noexcept override { return nullptr; }
  Status synchronize() noexcept override { return {}; }
};

class LogDevice final : public CudaDevice, public std::enable_shared_from_this<LogDevice> {
 public:
  explicit LogDevice(const Target& target) : target_(target) {}
  const Target& target() const override { return target_; }
  DeviceRef ref() const override { return {"cuda", 0}; }
  bool host_accessible() const override { return true; }
  bool real() const override { return false; }
  const DriverApi& api() const override {
    throw Error(Code::kInternal, "the log device has no driver");
  }
  CUcontext context() const override { return nullptr; }
  void make_current() const noexcept override {}
  int occupancy(void*, int, int) const noexcept override { return 0; }

  std::unique_ptr<Buffer> allocate(int64_t bytes, MemoryKind) override {
    return std::make_unique<HostBuffer>(bytes);
  }
  std::unique_ptr<NativeStream> create_stream() override { return std::make_unique<NoStream>(); }
  std::unique_ptr<NativeStream> wrap_stream(void*) override { return std::make_unique<NoStream>(); }
  std::unique_ptr<Recorder> create_recorder(RecorderKind) override {
    return make_log_recorder(shared_from_this());
  }
  Status copy_in(void* dst, const void* host, int64_t bytes, NativeStream&) noexcept override {
    std::memcpy(dst, host, static_cast<size_t>(bytes));
    return {};
  }
  Status copy_out(void* host, const void* src, int64_t bytes, NativeStream&) noexcept override {
    std::memcpy(host, src, static_cast<size_t>(bytes));
    return {};
  }
  Status fill(void* dst, uint8_t value, int64_t bytes, NativeStream&) noexcept override {
    std::memset(dst, value, static_cast<size_t>(bytes));
    return {};
  }
  std::shared_ptr<const LoadedKernel> load_kernel(const Artifact& artifact, int) override {
    auto kernel = std::make_shared<LoadedKernel>();
    kernel->function = kernel.get();
    kernel->name = artifact.entry;
    remember(kernel->function, artifact.entry);
    return kernel;
  }

 private:
  Target target_;
};

}  // namespace

std::shared_ptr<CudaDevice> open_log_device(const Target& target) {
  return std::make_shared<LogDevice>(target);
}

}  // namespace tenfold::cuda
