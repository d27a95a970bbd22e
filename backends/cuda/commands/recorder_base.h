// What the recorders share: recording into a CommandList and remembering the first failure.
#pragma once

#include "backends/cuda/commands/command_list.h"
#include "backends/cuda/driver/device.h"

namespace tenfold::cuda {

class RecorderBase : public Recorder {
 public:
  explicit RecorderBase(std::shared_ptr<CudaDevice> device) : device_(std::move(device)) {}

  void begin(uint32_t) noexcept override {
    list_.begin();
    failure_ = {};
  }
  void begin_step(uint32_t step, std::span<const uint32_t> deps) noexcept override {
    guard([&] { list_.begin_step(step, deps); });
  }
  void kernel(void* function, Grid grid, Grid block, uint32_t shared,
              std::span<const KernelArg> args) noexcept override {
    guard([&] { list_.kernel(function, grid, block, shared, args); });
  }
  void copy(Slot dst, Slot src, int64_t bytes) noexcept override {
    guard([&] { list_.copy(dst, src, bytes); });
  }
  void fill(Slot dst, uint8_t value, int64_t bytes) noexcept override {
    guard([&] { list_.fill(dst, value, bytes); });
  }
  void host(HostFn fn, std::span<const Slot> slots, const void* data,
            size_t size) noexcept override {
    guard([&] { list_.host(fn, slots, data, size); });
  }
  void foreign(ForeignFn fn, std::span<const Slot> slots, const void* data, size_t size,
               bool capturable) noexcept override {
    guard([&] { list_.foreign(fn, slots, data, size, capturable); });
  }

 protected:
  // Recording allocates, so it may fail: finish() reports it.
  template <typename F>
  void guard(F&& record) noexcept {
    try {
      record();
    } catch (...) {
      if (failure_.ok()) failure_ = {Code::kResource, "out of memory while recording"};
    }
  }

  std::shared_ptr<CudaDevice> device_;
  CommandList list_;
  Status failure_;
};

}  // namespace tenfold::cuda
