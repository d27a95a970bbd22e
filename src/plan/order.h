// Which steps of a program happen before which, by their dependencies.
#pragma once

#include <cstdint>
#include <vector>

#include "tenfold/plan.h"

namespace tenfold {

class StepOrder {
 public:
  // Dependencies must name earlier steps.
  explicit StepOrder(const std::vector<Step>& steps);
  // Whether step `a` has finished when `b` begins. Constant time.
  bool before(uint32_t a, uint32_t b) const {
    if (a >= b || chain_) return a < b;
    return (ancestors_[b * words_ + a / 64] >> (a % 64) & 1) != 0;
  }

 private:
  bool chain_ = true;           // every step waits for the one before it
  size_t words_ = 0;
  std::vector<uint64_t> ancestors_;
};

}  // namespace tenfold
