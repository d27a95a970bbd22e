// Random numbers for property tests: seeds differ from run to run and are printed on failure.
#pragma once

#include <cstdint>
#include <random>

#include <gtest/gtest.h>

namespace tenfold::test {

struct Random {
  uint32_t seed = std::random_device{}();
  std::mt19937_64 engine{seed};
  int64_t below(int64_t n) { return std::uniform_int_distribution<int64_t>(0, n - 1)(engine); }
  int64_t between(int64_t a, int64_t b) {
    return std::uniform_int_distribution<int64_t>(a, b)(engine);
  }
  double real() { return std::normal_distribution<double>()(engine); }
  bool coin() { return below(2) == 0; }
  uint64_t bits() { return engine(); }
};

}  // namespace tenfold::test
