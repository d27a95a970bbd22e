#include "backends/cpu/simd/walk.h"

#include <numeric>

namespace tenfold::cpu {

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
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return strides[0][a] > strides[0][b]; });
  count_ = element_count(space);
  rank_ = 0;
  steps_.assign(operands.size(), {});
  for (size_t d : order) {
    if (space[d] == 1) continue;
    const auto at = static_cast<size_t>(rank_);
    bool merges = rank_ > 0;
    for (size_t o = 0; o < operands.size() && merges; ++o)
      merges = steps_[o].axis[at - 1] == strides[o][d] * space[d];
    const size_t to = merges ? at - 1 : at;
    extent_[to] = merges ? extent_[to] * space[d] : space[d];
    for (size_t o = 0; o < operands.size(); ++o) steps_[o].axis[to] = strides[o][d];
    if (!merges) ++rank_;
  }
  return true;
}

}  // namespace tenfold::cpu
