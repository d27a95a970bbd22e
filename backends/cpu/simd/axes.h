// Operands seen by the roles of their axes: tables of offsets for what is walked slowly, a line or
// a band of lines for what is walked fast.
#pragma once

#include <algorithm>

#include "backends/cpu/simd/host_row.h"
#include "src/base/threads.h"

namespace tenfold::cpu {

// Offsets into an input and an output, in elements.
struct Place {
  int64_t src = 0, dst = 0;
};

// Splits the axes of an input into kept and reduced ones, slowest first in the input's storage, and
// takes the fastest as the line.
struct Reduction {
  std::vector<Place> kept;  // but the line's axis, if it is kept
  std::vector<Place> reduced;  // but the line's axis, if it is reduced
  bool along = true;  // the line is reduced, else kept
  int64_t extent = 1;  // of the line, whose elements follow each other in the input
  int64_t dst_step = 0;  // of the line in the output

  // `dst`: the output's stride of each input axis. `dense_output`: a line's elements must follow
  // each other in the output too. Where no axis will do, lines have one element.
  Reduction(const Extents& dims, const Extents& src, const Extents& dst,
            const std::vector<bool>& is_reduced, bool dense_output);

  // Calls line(place) where lines are reduced, else band(place, begin, n) for lines [begin, begin +
  // n) side by side, on several threads. Places lie in `kept`.
  template <typename Line, typename Band>
  void for_each(int threads, Line&& line, Band&& band) const noexcept;
};

inline constexpr int64_t kBand = 256;  // lines side by side at most

template <typename Line, typename Band>
void Reduction::for_each(int threads, Line&& line, Band&& band) const noexcept {
  constexpr int64_t kGrainElements = 8 << 10;  // of one thread's share
  const int64_t bands = along ? 1 : (extent + kBand - 1) / kBand;
  const int64_t work =
      (along ? extent : std::min(kBand, extent)) * static_cast<int64_t>(reduced.size());
  parallel_for(
      static_cast<int64_t>(kept.size()) * bands,
      std::max<int64_t>(1, kGrainElements / std::max<int64_t>(1, work)),
      [&](int64_t from, int64_t to) {
        for (int64_t k = from; k < to; ++k) {
          const Place& p = kept[static_cast<size_t>(k / bands)];
          const int64_t begin = k % bands * kBand;
          if (along)
            line(p);
          else
            band(p, begin, std::min(kBand, extent - begin));
        }
      },
      threads);
}

// Strides of an output whose reduced axes are kept as 1 or are gone, by input axis; 0 for these.
Extents reduced_strides(const Operand& output, const std::vector<bool>& is_reduced);

}  // namespace tenfold::cpu
