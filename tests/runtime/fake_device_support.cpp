#include <cstdlib>
#include <cstring>

#include "tests/runtime/fake_device.h"

namespace tenfold::test {

class FakeBuffer : public Buffer {
 public:
  FakeBuffer(FakeDevice& device, int64_t bytes) : device_(device) {
    bytes_ = bytes;
    data_ = std::aligned_alloc(256, static_cast<size_t>(bytes + 511) / 256 * 256);
    std::memset(data_, 0xff, static_cast<size_t>(bytes));   // poison
    const std::lock_guard<std::mutex> lock(device_.mutex_);
    device_.live_.insert({static_cast<const std::byte*>(data_), bytes_});
  }
  ~FakeBuffer() override {
    const std::lock_guard<std::mutex> lock(device_.mutex_);
    device_.live_.erase({static_cast<const std::byte*>(data_), bytes_});
    std::free(data_);
  }
  FakeBuffer(const FakeBuffer&) = delete;
  FakeBuffer& operator=(const FakeBuffer&) = delete;

 private:
  FakeDevice& device_;
};

namespace {

class FakeStream : public NativeStream {
 public:
  explicit FakeStream(void* native) : native_(native) {}
  void* native() const noexcept override { return native_; }
  Status synchronize() noexcept override { return {}; }

 private:
  void* native_;
};

// Keeps host commands; runs them at launch.
class FakeRecorder : public Recorder {
 public:
  FakeRecorder(FakeDevice& device, RecorderKind kind) : device_(device), kind_(kind) {}
  void begin(uint32_t slots) noexcept override { slots_ = slots; }
  void begin_step(uint32_t step, std::span<const uint32_t>) noexcept override {
    step_ = step;
    steps_ = step + 1;
    text_ += "step " + std::to_string(step) + "\n";
  }
  void kernel(void*, Grid, Grid, uint32_t, std::span<const KernelArg>) noexcept override {
    fail("no kernels here");
  }
  void foreign(ForeignFn, std::span<const Slot>, const void*, size_t, bool) noexcept override {
    fail("no foreign commands here");
  }
  void copy(Slot dst, Slot src, int64_t bytes) noexcept override {
    if (dst.index == src.index && dst.offset == src.offset) return fail("a copy onto itself");
    commands_.push_back({step_, nullptr, {dst, src}, {}, 0, bytes});
  }
  void fill(Slot dst, uint8_t value, int64_t bytes) noexcept override {
    commands_.push_back({step_, nullptr, {dst}, {}, value, bytes});
  }
  void host(HostFn fn, std::span<const Slot> slots, const void* data,
            size_t size) noexcept override {
    const auto* first = static_cast<const std::byte*>(data);
    commands_.push_back({step_, fn, {slots.begin(), slots.end()}, {first, first + size}, 0, 0});
    for (const Slot& s : slots)
      if (s.valid() && s.index >= slots_) fail("a slot is out of range");
  }
  Status finish(std::span<void* const> addresses) noexcept override {
    return status_.ok() ? resolve(addresses) : status_;
  }
  Status rebind(std::span<void* const> addresses) noexcept override {
    ++device_.rebinds;
    return resolve(addresses);
  }
  Status launch(NativeStream&, const std::atomic<bool>* cancel) noexcept override {
    ++device_.launches;
    if (kind_ == RecorderKind::kLog) return {};
    uint32_t current = UINT32_MAX;
    for (const Command& c : commands_) {
      if (c.step != current) {
        current = c.step;
        if (device_.before_step) device_.before_step(current);
        if (cancel != nullptr && cancel->load())
          return {Code::kCancelled, "cancelled between steps"};
        ++device_.launched_steps;
      }
      if (c.fn != nullptr)
        c.fn(c.pointers.data(), c.data.data());
      else if (c.pointers.size() == 2)
        std::memmove(c.pointers[0], c.pointers[1], static_cast<size_t>(c.bytes));
      else
        std::memset(c.pointers[0], c.value, static_cast<size_t>(c.bytes));
    }
    return {};
  }
  std::vector<double> step_us() const override {
    return kind_ == RecorderKind::kTimer ? std::vector<double>(steps_, 1.5) : std::vector<double>{};
  }
  std::string text() const override { return text_; }

 private:
  struct Command {
    uint32_t step;
    HostFn fn;
    std::vector<Slot> slots;
    std::vector<std::byte> data;
    uint8_t value;
    int64_t bytes;
    std::vector<void*> pointers = {};
  };
  void fail(const char* what) noexcept { status_ = Status(Code::kInternal, what); }
  Status resolve(std::span<void* const> addresses) noexcept {
    for (Command& c : commands_) {
      c.pointers.resize(c.slots.size());
      for (size_t k = 0; k < c.slots.size(); ++k) {
        const Slot s = c.slots[k];
        c.pointers[k] = nullptr;
        if (!s.valid()) continue;
        auto* base = static_cast<std::byte*>(addresses[s.index]);
        c.pointers[k] = base == nullptr ? nullptr : base + s.offset;
        // As a GPU would: every address is memory of the device by now.
        if (!device_.host_accessible() && !device_.owns(c.pointers[k], 1))
          return {Code::kDevice, "an address is not the device's"};
      }
    }
    return {};
  }
  FakeDevice& device_;
  RecorderKind kind_;
  uint32_t slots_ = 0, step_ = 0, steps_ = 0;
  std::vector<Command> commands_;
  std::string text_;
  Status status_;
};

}  // namespace

FakeDevice::FakeDevice(bool host_accessible) : host_accessible_(host_accessible) {
  target_.kind = "fake";
  target_.name = "machine of tests";
  if (host_accessible) target_.numbers["threads"] = 1;  // as a CPU; a GPU has none
}
std::unique_ptr<Buffer> FakeDevice::allocate(int64_t bytes, MemoryKind) {
  ++allocations;
  if (bytes > int64_t{1} << 32) throw Error(Code::kResource, "the fake device is small");
  return std::make_unique<FakeBuffer>(*this, bytes);
}
std::unique_ptr<NativeStream> FakeDevice::create_stream() {
  return std::make_unique<FakeStream>(nullptr);
}
std::unique_ptr<NativeStream> FakeDevice::wrap_stream(void* native) {
  return std::make_unique<FakeStream>(native);
}
std::unique_ptr<Recorder> FakeDevice::create_recorder(RecorderKind kind) {
  ++recorders;
  return std::make_unique<FakeRecorder>(*this, kind);
}
Status FakeDevice::copy_in(void* dst, const void* host, int64_t bytes, NativeStream&) noexcept {
  if (!owns(dst, bytes)) return {Code::kDevice, "copy_in leaves the device's memory"};
  std::memcpy(dst, host, static_cast<size_t>(bytes));
  return {};
}
Status FakeDevice::copy_out(void* host, const void* src, int64_t bytes, NativeStream&) noexcept {
  if (!host_accessible_ && !owns(src, bytes))
    return {Code::kDevice, "copy_out leaves the device's memory"};
  std::memcpy(host, src, static_cast<size_t>(bytes));
  return {};
}
Status FakeDevice::fill(void* dst, uint8_t value, int64_t bytes, NativeStream&) noexcept {
  if (!owns(dst, bytes)) return {Code::kDevice, "fill leaves the device's memory"};
  std::memset(dst, value, static_cast<size_t>(bytes));
  return {};
}
bool FakeDevice::owns(const void* at, int64_t bytes) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto* first = static_cast<const std::byte*>(at);
  for (const auto& [base, size] : live_)
    if (first >= base && first + bytes <= base + size) return true;
  return false;
}
int64_t FakeDevice::live_bytes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  int64_t total = 0;
  for (const auto& [base, size] : live_) total += size;
  return total;
}

}  // namespace tenfold::test
