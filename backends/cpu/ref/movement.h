// Ops that only move elements: the source index is a function of each axis of the output alone.
#pragma once

#include "backends/cpu/ref/common.h"
#include "src/base/threads.h"

namespace tenfold::cpu::ref {

// Offsets into the source for each index of each output axis; kOutside: the element is `fill`.
struct Movement {
  static constexpr int64_t kOutside = -(int64_t{1} << 58);  // sums of one an axis stay negative
  Extents out;
  std::vector<std::vector<int64_t>> table;
  double fill = 0;

  explicit Movement(const Extents& dims) : out(dims), table(dims.size()) {
    for (size_t d = 0; d < dims.size(); ++d) table[d].resize(static_cast<size_t>(dims[d]));
  }
  void operator()(const RefArgs& args) const { run(args.in[0].f64, args.out[0], args.threads); }
  void run(const double* src, double* dst, int threads) const {
    const size_t rank = out.size();
    const int64_t columns = rank ? out[rank - 1] : 1;
    parallel_for(
        product(out, 0, rank ? rank - 1 : 0), 32,
        [&](int64_t from, int64_t to) {
          for (int64_t row = from; row < to; ++row) {
            int64_t base = 0, rest = row;
            for (size_t d = rank ? rank - 1 : 0; d-- > 0;) {
              base += table[d][static_cast<size_t>(rest % out[d])];
              rest /= out[d];
            }
            for (int64_t k = 0; k < columns; ++k) {
              const int64_t at = rank ? base + table[rank - 1][static_cast<size_t>(k)] : 0;
              dst[row * columns + k] = at < 0 ? fill : src[at];
            }
          }
        },
        threads);
  }
};

}  // namespace tenfold::cpu::ref
