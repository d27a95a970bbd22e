#include "src/plan/order.h"

#include <algorithm>

namespace tenfold {

StepOrder::StepOrder(const std::vector<Step>& steps) {
  for (size_t k = 1; k < steps.size() && chain_; ++k)
    chain_ = std::find(steps[k].deps.begin(), steps[k].deps.end(), k - 1) != steps[k].deps.end();
  if (chain_) return;
  words_ = (steps.size() + 63) / 64;
  ancestors_.assign(words_ * steps.size(), 0);
  for (size_t k = 0; k < steps.size(); ++k) {
    uint64_t* own = &ancestors_[k * words_];
    for (const uint32_t dep : steps[k].deps) {
      const uint64_t* theirs = &ancestors_[dep * words_];
      for (size_t w = 0; w < words_; ++w) own[w] |= theirs[w];
      own[dep / 64] |= uint64_t{1} << (dep % 64);
    }
  }
}

StepSet StepOrder::before_all(const std::vector<uint32_t>& steps) const {
  StepSet set;
  if (chain_) return set;
  set.words_.assign(words_, ~uint64_t{0});
  for (const uint32_t step : steps)
    for (size_t w = 0; w < words_; ++w) set.words_[w] &= ancestors_[step * words_ + w];
  return set;
}

}  // namespace tenfold
