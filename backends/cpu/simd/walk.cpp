#include "backends/cpu/simd/walk.h"

#include <numeric>

namespace tenfold::cpu {

void Walk::find_periods(const std::vector<size_t>& order, const Extents& space,
                        const std::vector<Extents>& strides) {
  constexpr int64_t kLongest = 256;
  periods_.assign(strides.size(), 0);
  period_steps_.assign(strides.size(), 0);
  if (order.size() < 2 || space[order.back()] > kLongest) return;
  for (size_t o = 1; o < strides.size(); ++o) {
    bool only_last = strides[o][order.back()] != 0;
    for (size_t k = 0; k + 1 < order.size(); ++k)
      only_last = only_last && strides[o][order[k]] == 0;
    if (!only_last) continue;
    periods_[o] = space[order.back()];
    period_steps_[o] = strides[o][order.back()];
  }
}

bool Walk::build(const std::vector<const Operand*>& operands, const Extents& space) {
  const size_t rank = space.size();
  if (rank > kMaxRank) return false;
  std::vector<Extents> strides;
  for (const Operand* o : operands) {
    if (o->format.layout.kind != Layout::Kind::kLinear &&
        o->format.layout.kind != Layout::Kind::kChannelsLast)
      return false;
    const Extents dims = const_extents(o->dims), own = strides_of(o->format, dims);
    if (dims.size() > rank) return false;
    Extents s(rank, 0);
    for (size_t d = 0; d < dims.size(); ++d)
      if (dims[d] != 1) s[rank - dims.size() + d] = own[d];
    strides.push_back(std::move(s));
  }
  std::vector<size_t> order(rank);
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    return strides[0][a] != strides[0][b] ? strides[0][a] > strides[0][b] : a < b;
  });
  count_ = element_count(space);
  order.erase(std::remove_if(order.begin(), order.end(), [&](size_t d) { return space[d] == 1; }),
              order.end());
  find_periods(order, space, strides);
  rank_ = 0;
  steps_.assign(operands.size(), {});
  for (size_t d : order) {
    const auto at = static_cast<size_t>(rank_);
    bool merges = rank_ > 0;
    for (size_t o = 0; o < operands.size() && merges; ++o)
      merges = periods_[o] > 0 || steps_[o].axis[at - 1] == strides[o][d] * space[d];
    const size_t to = merges ? at - 1 : at;
    extent_[to] = merges ? extent_[to] * space[d] : space[d];
    for (size_t o = 0; o < operands.size(); ++o) steps_[o].axis[to] = strides[o][d];
    if (!merges) ++rank_;
  }
  return true;
}

}  // namespace tenfold::cpu
