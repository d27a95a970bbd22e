// Operands of one iteration space with affine strides: axes in the output's storage order, merged
// where every operand allows it, so that the innermost run is long.
#pragma once

#include <algorithm>
#include <array>

#include "tenfold/problem.h"

namespace tenfold::cpu {

class Walk {
 public:
  static constexpr int kMaxRank = 8;
  struct Steps {
    std::array<int64_t, kMaxRank> axis{};  // elements
  };

  // The first of `operands` gives the order; all broadcast to `space`. False: a layout is not
  // affine or the rank too large.
  bool build(const std::vector<const Operand*>& operands, const Extents& space);

  int64_t count() const { return count_; }
  int64_t inner() const { return rank_ ? extent_[static_cast<size_t>(rank_ - 1)] : 1; }
  int64_t inner_step(size_t operand) const {
    return rank_ ? steps_[operand].axis[static_cast<size_t>(rank_ - 1)] : 0;
  }
  // Whether walking the operand visits consecutive elements.
  bool contiguous(size_t operand) const {
    if (periods_[operand] > 0) return false;
    return rank_ <= 1 && (inner() == 1 || inner_step(operand) == 1);
  }

  // Operands that repeat along the innermost axis alone, such as a mean per channel of a picture:
  // the element at position k is data[k % period * step]. 0: the operand is none of them, see
  // for_runs.
  int64_t period(size_t operand) const { return periods_[operand]; }
  int64_t period_step(size_t operand) const { return period_steps_[operand]; }

  // Calls run(offset, step, at, n) for each run of elements [begin, begin + count) of an operand.
  template <typename F>
  void for_runs(size_t operand, int64_t begin, int64_t count, F&& run) const noexcept {
    const auto& step = steps_[operand].axis;
    const int last = std::max(0, rank_ - 1);
    int64_t done = 0;
    while (done < count) {
      const int64_t here = begin + done;
      int64_t rest = here / inner(), base = 0;
      for (int d = last - 1; d >= 0; --d) {
        base += rest % extent_[static_cast<size_t>(d)] * step[static_cast<size_t>(d)];
        rest /= extent_[static_cast<size_t>(d)];
      }
      const int64_t from = here % inner(), n = std::min(inner() - from, count - done);
      run(base + from * step[static_cast<size_t>(last)], step[static_cast<size_t>(last)], done, n);
      done += n;
    }
  }

 private:
  void find_periods(const std::vector<size_t>& order, const Extents& space,
                    const std::vector<Extents>& strides);

  int rank_ = 0;
  int64_t count_ = 1;
  std::array<int64_t, kMaxRank> extent_{};
  std::vector<Steps> steps_;
  std::vector<int64_t> periods_, period_steps_;
};

}  // namespace tenfold::cpu
