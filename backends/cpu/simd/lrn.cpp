// LRN of f32, across channels as lrn_across.h says, or within a channel: y = x / (bias + alpha /
// size^2 * sum of x^2 over size x size pixels)^beta, channels side by side where they are the
// fastest axis, else a row of pixels.
#include <algorithm>
#include <cmath>

#include "backends/cpu/simd/host_row.h"
#include "backends/cpu/simd/lines.h"
#include "backends/cpu/simd/lrn_across.h"
#include "src/base/threads.h"

namespace tenfold::cpu {
namespace {

constexpr int64_t kBand = 256;  // elements side by side

class WithinWork : public HostWork {
 public:
  WithinWork(const Problem& p, int threads)
      : dims_(dims_of(p.inputs[0])),
        src_(strides_of(p.inputs[0])),
        dst_(strides_of(p.outputs[0])),
        before_((p.attrs.i("size", 5) - 1) / 2),
        after_(p.attrs.i("size", 5) / 2),
        bias_(p.attrs.f("bias", 1)),
        beta_(p.attrs.f("beta", 0.75)),
        threads_(threads) {
    const auto size = static_cast<double>(p.attrs.i("size", 5));
    scale_ = p.attrs.f("alpha", 1e-4) / (size * size);
    channels_fastest_ = src_[1] == 1 && dims_[1] > 1;
  }

  void run(void* const* slots) noexcept override {
    const auto* x = static_cast<const float*>(slots[0]);
    auto* y = static_cast<float*>(slots[1]);
    // One item: a pixel's channels, or a row of a plane.
    const int64_t inner = channels_fastest_ ? dims_[3] : 1,
                  planes = channels_fastest_ ? 1 : dims_[1];
    const int64_t length = channels_fastest_ ? dims_[1] : dims_[3];
    parallel_for(
        dims_[0] * planes * dims_[2] * inner, 16,
        [&](int64_t from, int64_t to) {
          for (int64_t item = from; item < to; ++item) {
            const int64_t column = item % inner, row = item / inner % dims_[2];
            const int64_t plane = item / inner / dims_[2];
            const int64_t n = plane / planes, c = plane % planes;
            for (int64_t begin = 0; begin < length; begin += kBand)
              band(x + n * src_[0] + c * src_[1], y + n * dst_[0] + c * dst_[1], row, column, begin,
                   std::min(kBand, length - begin));
          }
        },
        threads_);
  }

 private:
  void band(const float* x, float* y, int64_t row, int64_t column, int64_t begin,
            int64_t n) const noexcept {
    double sum[kBand] = {};
    const int64_t from = std::max<int64_t>(0, row - before_),
                  to = std::min(dims_[2] - 1, row + after_);
    for (int64_t i = from; i <= to; ++i)
      for (int64_t shift = -before_; shift <= after_; ++shift)
        add(x + i * src_[2], column, begin, n, shift, sum);
    const int64_t axis = channels_fastest_ ? 1 : 3;
    x += row * src_[2] + column * src_[3] + begin * src_[static_cast<size_t>(axis)];
    y += row * dst_[2] + column * dst_[3] + begin * dst_[static_cast<size_t>(axis)];
    for (int64_t k = 0; k < n; ++k)
      y[k * dst_[static_cast<size_t>(axis)]] =
          static_cast<float>(static_cast<double>(x[k * src_[static_cast<size_t>(axis)]]) *
                             std::pow(bias_ + scale_ * sum[k], -beta_));
  }
  // Squares of the pixels `shift` columns further, of elements [begin, begin + n).
  void add(const float* line, int64_t column, int64_t begin, int64_t n, int64_t shift,
           double* sum) const noexcept {
    if (channels_fastest_) {
      const int64_t at = column + shift;
      if (at >= 0 && at < dims_[3])
        lines_.fold_rows(simd::Fold::kSumSquare, n, line + at * src_[3] + begin, sum);
      return;
    }
    const int64_t first = std::max(begin, -shift), last = std::min(begin + n, dims_[3] - shift);
    if (first >= last) return;
    if (src_[3] == 1) {
      lines_.fold_rows(simd::Fold::kSumSquare, last - first, line + first + shift,
                       sum + (first - begin));
      return;
    }
    for (int64_t k = first; k < last; ++k)
      lines_.fold_rows(simd::Fold::kSumSquare, 1, line + (k + shift) * src_[3], sum + (k - begin));
  }

  const simd::Lines& lines_ = simd::best_lines();
  Extents dims_, src_, dst_;
  int64_t before_, after_;
  double bias_, beta_, scale_ = 0;
  bool channels_fastest_ = false;
  int threads_;
};

class LrnRow : public HostRow {
 public:
  LrnRow() : HostRow("cpu.lrn", {"LRN(x)"}, 0.01) {}

 protected:
  Verdict check(const Problem& p) const override {
    return all_of({expect_f32(p), expect_no_epilogue(p)});
  }
  std::unique_ptr<HostWork> make(const Problem& p, int threads) const override {
    if (p.attrs.s("region", "across") == "across") return lrn_across(p, threads);
    return std::make_unique<WithinWork>(p, threads);
  }
};

}  // namespace

std::unique_ptr<Row> cpu_lrn() { return std::make_unique<LrnRow>(); }

}  // namespace tenfold::cpu
