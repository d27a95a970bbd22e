// Which steps of a program happen before which, by their dependencies.
#pragma once

#include <cstdint>
#include <vector>

#include "tenfold/plan.h"

namespace tenfold {

// Steps by index; empty where all of a program's steps are a chain.
class StepSet {
 public:
  bool contains(uint32_t step) const { return (words_[step / 64] >> (step % 64) & 1) != 0; }

 private:
  friend class StepOrder;
  std::vector<uint64_t> words_;
};

class StepOrder {
 public:
  // Dependencies must name earlier steps.
  explicit StepOrder(const std::vector<Step>& steps);
  // Whether step `a` has finished when `b` begins. Constant time.
  bool before(uint32_t a, uint32_t b) const {
    if (a >= b || chain_) return a < b;
    return (ancestors_[b * words_ + a / 64] >> (a % 64) & 1) != 0;
  }
  // Every step waits for the one before it.
  bool is_chain() const { return chain_; }
  // The steps that are before each of these, at least one; empty where is_chain().
  StepSet before_all(const std::vector<uint32_t>& steps) const;

 private:
  bool chain_ = true;
  size_t words_ = 0;
  std::vector<uint64_t> ancestors_;
};

}  // namespace tenfold
