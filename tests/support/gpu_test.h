// What tests on a GPU have in common: they skip, with the reason, where something is missing.
#pragma once

#include <iostream>
#include <random>

#include <gtest/gtest.h>

#include "backends/cuda/driver/compile_text.h"
#include "backends/cuda/driver/device.h"

namespace tenfold::test {

// One seed a process, printed once.
inline uint64_t fresh_seed() {
  static const uint64_t seed = [] {
    const uint64_t drawn = std::random_device{}();
    std::cout << "seed " << drawn << std::endl;
    return drawn;
  }();
  return seed;
}

// GPU 0, and NVRTC for it.
class GpuTest : public testing::Test {
 protected:
  void SetUp() override {
    if (cuda::gpu_count() == 0) GTEST_SKIP() << "no GPU: " << cuda::driver_error();
    device_ = cuda::open_gpu(0);
    if (const Verdict can = cuda::can_compile(cuda::arch_of(target())); !can)
      GTEST_SKIP() << can.reason;
    static const bool printed = (std::cout << target().str() << std::endl, true);
    (void)printed;
  }
  const Target& target() const { return device_->target(); }

  std::shared_ptr<cuda::CudaDevice> device_;
};

}  // namespace tenfold::test
