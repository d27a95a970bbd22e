#include "backends/cpu/simd/axes.h"

#include <numeric>

namespace tenfold::cpu {

Reduction::Reduction(const Extents& dims, const Extents& src, const Extents& dst,
                     const std::vector<bool>& is_reduced, bool dense_output) {
  struct Axis {
    int64_t extent, src, dst;
    bool reduced;
  };
  std::vector<size_t> order(dims.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return src[a] > src[b]; });
  std::vector<Axis> axes;
  for (size_t d : order) {
    if (dims[d] == 1) continue;
    const Axis a{dims[d], src[d], dst[d], is_reduced[d]};
    Axis* last = axes.empty() ? nullptr : &axes.back();
    if (last && last->reduced == a.reduced && last->src == a.src * a.extent &&
        last->dst == a.dst * a.extent)
      *last = {last->extent * a.extent, a.src, a.dst, a.reduced};
    else
      axes.push_back(a);
  }
  if (!axes.empty() && axes.back().src == 1 && (!dense_output || axes.back().dst == 1)) {
    along = axes.back().reduced;
    extent = axes.back().extent;
    dst_step = axes.back().dst;
    axes.pop_back();
  }
  kept = reduced = {Place{}};
  for (const Axis& a : axes) {
    std::vector<Place>& list = a.reduced ? reduced : kept;
    std::vector<Place> longer;
    longer.reserve(list.size() * static_cast<size_t>(a.extent));
    for (const Place& base : list)
      for (int64_t k = 0; k < a.extent; ++k)
        longer.push_back({base.src + k * a.src, base.dst + k * a.dst});
    list = std::move(longer);
  }
}

Extents reduced_strides(const Operand& output, const std::vector<bool>& is_reduced) {
  const Extents own = strides_of(output);
  Extents strides(is_reduced.size(), 0);
  const bool gone = own.size() != is_reduced.size();
  size_t at = 0;
  for (size_t d = 0; d < is_reduced.size(); ++d) {
    if (is_reduced[d] && gone) continue;
    if (at < own.size() && !is_reduced[d]) strides[d] = own[at];
    ++at;
  }
  return strides;
}

}  // namespace tenfold::cpu
