#include "backends/cpu/simd/strided.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "src/base/threads.h"

namespace tenfold::cpu {
namespace {

constexpr int64_t kTile = 16;
constexpr int64_t kGrainBytes = 64 << 10;  // of one thread's share

struct Wide {
  uint64_t low, high;
};

}  // namespace

StridedCopy::StridedCopy(const Extents& extents, const Extents& src, const Extents& dst,
                         int64_t bytes)
    : bytes_(bytes) {
  for (size_t d = 0; d < extents.size(); ++d) {
    elements_ *= extents[d];
    if (extents[d] != 1) outer_.push_back({extents[d], src[d], dst[d]});
  }
  if (elements_ == 0) return;
  std::stable_sort(outer_.begin(), outer_.end(),
                   [](const Axis& a, const Axis& b) { return a.dst > b.dst; });
  merge();
  inner_ = {1, 1, 1};
  if (!outer_.empty()) {
    inner_ = outer_.back();
    outer_.pop_back();
  }
  if (inner_.src != 1 && !outer_.empty()) {
    const auto near = std::min_element(
        outer_.begin(), outer_.end(),
        [](const Axis& a, const Axis& b) { return std::abs(a.src) < std::abs(b.src); });
    if (std::abs(near->src) < std::abs(inner_.src)) {
      across_ = *near;
      outer_.erase(near);
    }
  }
  for (const Axis& a : outer_) outer_count_ *= a.extent;
}

void StridedCopy::merge() {
  std::vector<Axis> merged;
  for (const Axis& a : outer_) {
    if (!merged.empty() && merged.back().src == a.src * a.extent &&
        merged.back().dst == a.dst * a.extent)
      merged.back() = {merged.back().extent * a.extent, a.src, a.dst};
    else
      merged.push_back(a);
  }
  outer_ = std::move(merged);
}

std::pair<int64_t, int64_t> StridedCopy::offsets(int64_t index, size_t axes) const noexcept {
  int64_t src = 0, dst = 0;
  for (size_t a = axes; a-- > 0;) {
    const int64_t at = index % outer_[a].extent;
    index /= outer_[a].extent;
    src += at * outer_[a].src;
    dst += at * outer_[a].dst;
  }
  return {src, dst};
}

void StridedCopy::copy_runs(const std::byte* src, std::byte* dst, int threads) const noexcept {
  const auto run = static_cast<size_t>(inner_.extent * bytes_);
  if (outer_.empty()) {  // one run, shared out
    parallel_for(
        static_cast<int64_t>(run), kGrainBytes,
        [&](int64_t from, int64_t to) {
          std::memmove(dst + from, src + from, static_cast<size_t>(to - from));
        },
        threads);
    return;
  }
  // The last outer axis by steps, so that offsets are worked out once a row of runs.
  const Axis last = outer_.back();
  const int64_t rows = outer_count_ / last.extent;
  const auto row_bytes = static_cast<int64_t>(run) * last.extent;
  auto copy_row = [&](int64_t row, int64_t begin, int64_t end) {
    const auto [s, d] = offsets(row, outer_.size() - 1);
    const std::byte* from = src + (s + begin * last.src) * bytes_;
    std::byte* to = dst + (d + begin * last.dst) * bytes_;
    for (int64_t k = begin; k < end; ++k) {
      std::memmove(to, from, run);
      from += last.src * bytes_;
      to += last.dst * bytes_;
    }
  };
  if (rows == 1) {
    parallel_for(
        last.extent, std::max<int64_t>(1, kGrainBytes / static_cast<int64_t>(run)),
        [&](int64_t from, int64_t to) { copy_row(0, from, to); }, threads);
    return;
  }
  parallel_for(
      rows, std::max<int64_t>(1, kGrainBytes / row_bytes),
      [&](int64_t from, int64_t to) {
        for (int64_t row = from; row < to; ++row) copy_row(row, 0, last.extent);
      },
      threads);
}

template <typename T>
void StridedCopy::copy_tiles(const std::byte* src, std::byte* dst, int threads) const noexcept {
  const auto* from = reinterpret_cast<const T*>(src);
  auto* to = reinterpret_cast<T*>(dst);
  const int64_t bands = (across_.extent + kTile - 1) / kTile;
  const int64_t band_bytes =
      std::max<int64_t>(1, std::min(kTile, across_.extent) * inner_.extent * bytes_);
  parallel_for(
      outer_count_ * bands, std::max<int64_t>(1, kGrainBytes / band_bytes),
      [&](int64_t first, int64_t last) {
        for (int64_t item = first; item < last; ++item) {
          const int64_t begin = item % bands * kTile, end = std::min(across_.extent, begin + kTile);
          const auto [s, d] = offsets(item / bands, outer_.size());
          for (int64_t tile = 0; tile < inner_.extent; tile += kTile) {
            const int64_t stop = std::min(inner_.extent, tile + kTile);
            for (int64_t i = begin; i < end; ++i) {
              const T* x = from + s + i * across_.src;
              T* y = to + d + i * across_.dst;
              for (int64_t j = tile; j < stop; ++j) y[j * inner_.dst] = x[j * inner_.src];
            }
          }
        }
      },
      threads);
}

void StridedCopy::run(const std::byte* src, std::byte* dst, int threads) const noexcept {
  if (elements_ == 0) return;
  if (inner_.src == 1 && inner_.dst == 1) return copy_runs(src, dst, threads);
  switch (bytes_) {
    case 1: return copy_tiles<uint8_t>(src, dst, threads);
    case 2: return copy_tiles<uint16_t>(src, dst, threads);
    case 4: return copy_tiles<uint32_t>(src, dst, threads);
    case 8: return copy_tiles<uint64_t>(src, dst, threads);
    default: return copy_tiles<Wide>(src, dst, threads);
  }
}

}  // namespace tenfold::cpu
