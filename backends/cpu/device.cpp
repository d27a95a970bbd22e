#include "backends/cpu/device.h"

#include <cstdlib>
#include <cstring>
#include <new>

#include <sys/mman.h>

namespace tenfold::cpu {
namespace {

constexpr size_t kAlignment = 256;  // the most that rows may ask of scratch memory
constexpr size_t kHugePage = size_t{2} << 20;

class HostBuffer : public Buffer {
 public:
  explicit HostBuffer(int64_t bytes) {
    if (bytes < 0) throw Error(Code::kInvalid, "a buffer of negative size was asked for");
    if (bytes > (int64_t{1} << 46))
      throw Error(Code::kResource,
                  "no machine has " + std::to_string(bytes) + " bytes of memory for a buffer");
    const size_t rounded = (static_cast<size_t>(bytes) + kAlignment) / kAlignment * kAlignment;
    const size_t whole = rounded / kHugePage * kHugePage;
    if (posix_memalign(&data_, whole > 0 ? kHugePage : kAlignment, rounded) != 0)
      throw Error(Code::kResource,
                  "the CPU has no " + std::to_string(bytes) + " bytes of memory left");
    bytes_ = bytes;
    // First touched 2 MiB at a time instead of 4 KiB. A system that will not do that ignores it.
    if (whole > 0) (void)madvise(data_, whole, MADV_HUGEPAGE);
  }
  ~HostBuffer() override { std::free(data_); }
  HostBuffer(const HostBuffer&) = delete;
  HostBuffer& operator=(const HostBuffer&) = delete;
};

// Work runs before launch and copy return, so there is never anything to wait for.
class CpuStream : public NativeStream {
 public:
  void* native() const noexcept override { return nullptr; }
  Status synchronize() noexcept override { return {}; }
};

class CpuDevice : public Device {
 public:
  const Target& target() const override { return target_; }
  DeviceRef ref() const override { return {"cpu", 0}; }
  bool host_accessible() const override { return true; }
  std::unique_ptr<Buffer> allocate(int64_t bytes, MemoryKind) override {
    return std::make_unique<HostBuffer>(bytes);
  }
  std::unique_ptr<NativeStream> create_stream() override { return std::make_unique<CpuStream>(); }
  std::unique_ptr<NativeStream> wrap_stream(void*) override {
    return std::make_unique<CpuStream>();
  }
  std::unique_ptr<Recorder> create_recorder(RecorderKind kind) override {
    return make_recorder(kind);
  }
  Status copy_in(void* dst, const void* host, int64_t bytes, NativeStream&) noexcept override {
    if (bytes > 0 && dst != host) std::memmove(dst, host, static_cast<size_t>(bytes));
    return {};
  }
  Status copy_out(void* host, const void* src, int64_t bytes, NativeStream&) noexcept override {
    if (bytes > 0 && host != src) std::memmove(host, src, static_cast<size_t>(bytes));
    return {};
  }
  Status fill(void* dst, uint8_t value, int64_t bytes, NativeStream&) noexcept override {
    if (bytes > 0) std::memset(dst, value, static_cast<size_t>(bytes));
    return {};
  }

 private:
  Target target_ = detect_target();
};

}  // namespace

std::shared_ptr<Device> open_device() {
  static const std::shared_ptr<Device> device = std::make_shared<CpuDevice>();
  return device;
}

}  // namespace tenfold::cpu
