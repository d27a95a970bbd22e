// Commands that run at once on host memory: how the reference rows evaluate constants.
#pragma once

#include <cstring>
#include <vector>

#include "tenfold/kernel.h"

namespace tenfold {

class HostCommands final : public Commands {
 public:
  // `addresses[k]` is slot k's.
  explicit HostCommands(std::vector<void*> addresses) : addresses_(std::move(addresses)) {}
  const Status& status() const { return status_; }

  void kernel(void*, Grid, Grid, uint32_t, std::span<const KernelArg>) noexcept override {
    fail("a device kernel cannot run on the host");
  }
  void foreign(ForeignFn, std::span<const Slot>, const void*, size_t, bool) noexcept override {
    fail("a device library cannot run on the host");
  }
  void copy(Slot dst, Slot src, int64_t bytes) noexcept override {
    if (bytes > 0) std::memmove(at(dst), at(src), static_cast<size_t>(bytes));
  }
  void fill(Slot dst, uint8_t value, int64_t bytes) noexcept override {
    if (bytes > 0) std::memset(at(dst), value, static_cast<size_t>(bytes));
  }
  void host(HostFn fn, std::span<const Slot> slots, const void* data,
            size_t size) noexcept override {
    static_cast<void>(size);
    std::vector<void*> pointers;
    for (const Slot& s : slots) pointers.push_back(at(s));
    fn(pointers.data(), data);
  }

 private:
  void* at(Slot s) const noexcept {
    return s.valid() && s.index < addresses_.size()
               ? static_cast<std::byte*>(addresses_[s.index]) + s.offset
               : nullptr;
  }
  void fail(const char* what) noexcept {
    if (status_.ok()) status_ = Status(Code::kUnsupported, what);
  }
  std::vector<void*> addresses_;
  Status status_;
};

}  // namespace tenfold
