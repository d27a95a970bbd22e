// Channels side by side where they are the fastest axis, else many pixels of a channel.
#include "backends/cpu/simd/lrn_across.h"

#include <algorithm>
#include <cmath>

#include "backends/cpu/simd/axes.h"
#include "backends/cpu/simd/lines.h"

namespace tenfold::cpu {
namespace {

constexpr int64_t kHalo = 32;  // neighbours on either side of a line that are kept at hand
constexpr int64_t kVector = 16;
constexpr int64_t kMostAtEnds = 9;  // `size` up to which the ends of a line are apart

class AcrossWork : public HostWork {
 public:
  AcrossWork(const Problem& p, Reduction r, int threads)
      : r_(std::move(r)),
        channels_(r_.along ? r_.extent * static_cast<int64_t>(r_.reduced.size())
                           : static_cast<int64_t>(r_.reduced.size())),
        size_(p.attrs.i("size", 5)),
        scale_(p.attrs.f("alpha", 1e-4) / static_cast<double>(size_)),
        bias_(p.attrs.f("bias", 1)),
        beta_(p.attrs.f("beta", 0.75)),
        threads_(threads) {
    const double quarters = beta_ * 4;
    const bool sums_grow = bias_ >= 0 && scale_ >= 0 && scale_ <= 1e6;  // nothing cancels
    if (sums_grow && (quarters == 1 || quarters == 2 || quarters == 3 || quarters == 4))
      quarters_ = static_cast<int>(quarters);
  }

  void run(void* const* slots) noexcept override {
    const auto* x = static_cast<const float*>(slots[0]);
    auto* y = static_cast<float*>(slots[1]);
    if (quarters_ != 0 && r_.along && size_ <= kMostAtEnds && r_.extent >= size_ + kVector) {
      const auto pixels = static_cast<int64_t>(r_.kept.size());
      parallel_for((pixels + kVector - 1) / kVector, 8,
                   [&](int64_t from, int64_t to) {
                     for (int64_t k = from * kVector; k < std::min(to * kVector, pixels);
                          k += kVector)
                       dense(x, y, &r_.kept[static_cast<size_t>(k)], std::min(kVector, pixels - k));
                   },
                   threads_);
      return;
    }
    r_.for_each(
        threads_, [&](const Place& p) { line(x + p.src, y + p.dst); },
        [&](const Place& p, int64_t begin, int64_t n) {
          band(x + p.src + begin, y + p.dst + begin, n);
        });
  }

 private:
  // Where channel c lies.
  Place at(int64_t c) const noexcept {
    return r_.along && r_.extent > 1 ? Place{c, c} : r_.reduced[static_cast<size_t>(c)];
  }
  int64_t first(int64_t c) const noexcept { return std::max<int64_t>(0, c - before()); }
  int64_t last(int64_t c) const noexcept { return c + std::min(channels_ - 1 - c, size_ / 2); }
  int64_t before() const noexcept { return (size_ - 1) / 2; }

  // The channels of one pixel.
  void line(const float* x, float* y) const noexcept {
    for (int64_t begin = 0; begin < channels_; begin += kBand) {
      const int64_t n = std::min(kBand, channels_ - begin);
      if (!part(x, y, begin, n))
        for (int64_t c = begin; c < begin + n; ++c) exact(x, y, c, 1);
    }
  }
  bool normalize(int64_t n, const float* first, int64_t step, int64_t rows, const float* x,
                 float* y) const noexcept {
    return lines_.normalize(n, first, step, rows, static_cast<float>(scale_),
                            static_cast<float>(bias_), quarters_, x, y);
  }
  // Pixels whose channels follow each other, kVector of them or fewer: where a neighbourhood is
  // whole pixel by pixel, the ends of all in vectors of pixels.
  void dense(const float* x, float* y, const Place* pixels, int64_t n) const noexcept {
    const int64_t near = size_ - 1, after = size_ / 2;
    for (int64_t k = 0; k < n; ++k) {
      const float* from = x + pixels[k].src;
      float* to = y + pixels[k].dst;
      if (!normalize(channels_ - near, from, 1, size_, from + before(), to + before()))
        for (int64_t c = before(); c < channels_ - after; ++c) exact(from, to, c, 1);
    }
    float low[(kMostAtEnds - 1) * kVector], high[(kMostAtEnds - 1) * kVector];
    for (int64_t c = 0; c < near; ++c)
      for (int64_t k = 0; k < kVector; ++k) {
        const float* from = x + pixels[std::min(k, n - 1)].src;
        low[c * kVector + k] = from[c];
        high[c * kVector + k] = from[channels_ - near + c];
      }
    const auto end = [&](int64_t c, const float* first, int64_t rows, const float* own) {
      float out[kVector];
      const bool done = normalize(kVector, first, kVector, rows, own, out);
      for (int64_t k = 0; k < n; ++k)
        if (done)
          y[pixels[k].dst + c] = out[k];
        else
          exact(x + pixels[k].src, y + pixels[k].dst, c, 1);
    };
    for (int64_t c = 0; c < before(); ++c) end(c, low, c + after + 1, low + c * kVector);
    for (int64_t k = 0; k < after; ++k)
      end(channels_ - after + k, high + k * kVector, near - k, high + (before() + k) * kVector);
  }
  // n channels of one pixel from `begin` on, wherever they lie. False, y then being undefined
  // there, where vectors of floats will not do.
  bool part(const float* x, float* y, int64_t begin, int64_t n) const noexcept {
    if (quarters_ == 0 || size_ / 2 > kHalo) return false;
    float in[kBand + 2 * kHalo], out[kBand];
    const int64_t from = begin - before(), to = begin + n + size_ / 2;
    for (int64_t c = from; c < to; ++c)
      in[c - from] = c >= 0 && c < channels_ ? x[at(c).src] : 0.0f;
    if (!normalize(n, in, 1, size_, in + before(), out)) return false;
    for (int64_t k = 0; k < n; ++k) y[at(begin + k).dst] = out[k];
    return true;
  }
  // All channels of n pixels side by side.
  void band(const float* x, float* y, int64_t n) const noexcept {
    for (int64_t c = 0; c < channels_; ++c) {
      const int64_t from = first(c), rows = last(c) - from + 1;
      const int64_t step = rows > 1 ? at(from + 1).src - at(from).src : 0;
      if (quarters_ == 0 ||
          !normalize(n, x + at(from).src, step, rows, x + at(c).src, y + at(c).dst))
        exact(x, y, c, n);
    }
  }
  void exact(const float* x, float* y, int64_t c, int64_t n) const noexcept {
    double sum[kBand] = {};
    for (int64_t i = first(c); i <= last(c); ++i)
      lines_.fold_rows(simd::Fold::kSumSquare, n, x + at(i).src, sum);
    for (int64_t k = 0; k < n; ++k)
      y[at(c).dst + k] = static_cast<float>(static_cast<double>(x[at(c).src + k]) /
                                            std::pow(bias_ + scale_ * sum[k], beta_));
  }

  const simd::Lines& lines_ = simd::best_lines();
  Reduction r_;
  int64_t channels_, size_;
  double scale_, bias_, beta_;
  int quarters_ = 0;  // 4 beta, where vectors of floats will do
  int threads_;
};

}  // namespace

std::unique_ptr<HostWork> lrn_across(const Problem& p, int threads) {
  const Extents dims = dims_of(p.inputs[0]);
  if (dims != dims_of(p.outputs[0])) throw Error(Code::kInvalid, "LRN: extents differ");
  std::vector<bool> reduced(dims.size(), false);
  reduced[1] = true;
  Reduction r(dims, strides_of(p.inputs[0]), strides_of(p.outputs[0]), reduced, true);
  return std::make_unique<AcrossWork>(p, std::move(r), threads);
}

}  // namespace tenfold::cpu
