// Copies between storages with affine strides: what transposing, slicing, joining and changing of
// layout have in common.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "tenfold/type.h"

namespace tenfold::cpu {

class StridedCopy {
 public:
  // Strides in elements, axis by axis of `extents`; source strides may be 0 or negative. The
  // destination's elements are distinct. `bytes` of an element: 1, 2, 4, 8 or 16.
  StridedCopy(const Extents& extents, const Extents& src, const Extents& dst, int64_t bytes);

  int64_t elements() const { return elements_; }
  // Allocates nothing. Where a plan lets the two overlap, what is read there is unspecified.
  void run(const std::byte* src, std::byte* dst, int threads) const noexcept;

 private:
  struct Axis {
    int64_t extent = 1, src = 0, dst = 0;  // strides in elements
  };
  void merge();
  void copy_runs(const std::byte* src, std::byte* dst, int threads) const noexcept;
  template <typename T>
  void copy_tiles(const std::byte* src, std::byte* dst, int threads) const noexcept;
  // Offsets of both sides at a row-major index over the first `axes` outer axes.
  std::pair<int64_t, int64_t> offsets(int64_t index, size_t axes) const noexcept;

  int64_t bytes_, elements_ = 1;
  std::vector<Axis> outer_;  // slowest first
  int64_t outer_count_ = 1;
  Axis across_;  // near in the source, extent 1 if there is none such
  Axis inner_;   // near in the destination
};

}  // namespace tenfold::cpu
