// A machine of tests: memory that counts, recorders that tell, rows that add. It makes the seam
// testable without any backend.
#pragma once

#include <atomic>
#include <mutex>
#include <set>

#include "tenfold/device.h"

namespace tenfold::test {

// Kind "fake". Its memory is the host's, but the runtime may be told that it cannot reach it; every
// address that commands touch is checked to lie in a live buffer of the device.
class FakeDevice : public Device {
 public:
  explicit FakeDevice(bool host_accessible);
  const Target& target() const override { return target_; }
  DeviceRef ref() const override { return {"fake", 0}; }
  bool host_accessible() const override { return host_accessible_; }
  std::unique_ptr<Buffer> allocate(int64_t bytes, MemoryKind kind) override;
  std::unique_ptr<NativeStream> create_stream() override;
  std::unique_ptr<NativeStream> wrap_stream(void* native) override;
  std::unique_ptr<Recorder> create_recorder(RecorderKind kind) override;
  Status copy_in(void* dst, const void* host, int64_t bytes, NativeStream& s) noexcept override;
  Status copy_out(void* host, const void* src, int64_t bytes, NativeStream& s) noexcept override;
  Status fill(void* dst, uint8_t value, int64_t bytes, NativeStream& s) noexcept override;

  // Whether [at, at + bytes) lies in a live buffer.
  bool owns(const void* at, int64_t bytes) const;
  int64_t live_bytes() const;

  std::atomic<int> allocations{0}, recorders{0}, rebinds{0}, launches{0};
  std::atomic<int> launched_steps{0};
  std::function<void(uint32_t step)> before_step;  // called at launch, if set

 private:
  friend class FakeBuffer;
  Target target_;
  bool host_accessible_;
  mutable std::mutex mutex_;
  std::set<std::pair<const std::byte*, int64_t>> live_;
};

// Registers rows "fake.Conv" and "fake.Pointwise" (once a process): they run the reference rows'
// run halves, pack constant input 1 of Conv, need step scratch, and count in zeroed context
// scratch.
void register_fake_rows();
struct FakeRowCounters {
  std::atomic<int> prepared{0}, attached{0}, trusted{0};
};
FakeRowCounters& fake_row_counters();

}  // namespace tenfold::test
