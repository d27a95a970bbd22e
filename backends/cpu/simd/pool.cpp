// MaxPool and AveragePool of f32 for what the vendor's pooling refuses, such as windows that hang
// over padding that counts: channels side by side where they are the fastest axis, else window by
// window. Rules at the border are ref's (backends/cpu/ref/pool.h).
#include "backends/cpu/ref/pool.h"

#include <limits>

#include "backends/cpu/simd/host_row.h"
#include "backends/cpu/simd/lines.h"

namespace tenfold::cpu {
namespace {

using ref::Taps;

constexpr int64_t kBand = 256;  // channels side by side

class PoolWork : public HostWork {
 public:
  PoolWork(const Problem& p, int threads)
      : window_(ref::window_of(p, p.attrs.ints("kernel"))),
        max_(p.op == "MaxPool"),
        padded_(p.attrs.i("count_include_pad", 0) != 0),
        threads_(threads) {
    const Extents x = dims_of(p.inputs[0]);
    images_ = x[0];
    channels_ = x[1];
    src_ = five(strides_of(p.inputs[0]));
    dst_ = five(strides_of(p.outputs[0]));
    bands_ = src_[1] == 1 && dst_[1] == 1 ? (channels_ + kBand - 1) / kBand : 0;
    for (int64_t k = 0; k < window_.x.out; ++k) across_.push_back(ref::taps_of(window_.x, k));
  }

  void run(void* const* slots) noexcept override {
    const auto* x = static_cast<const float*>(slots[0]);
    auto* y = static_cast<float*>(slots[1]);
    // One item: a row of outputs of a plane, or of a band of channels.
    const int64_t groups = bands_ ? bands_ : channels_, rows = window_.z.out * window_.y.out;
    parallel_for(
        images_ * groups * rows, 4,
        [&](int64_t from, int64_t to) {
          for (int64_t item = from; item < to; ++item) {
            const int64_t row = item % rows, group = item / rows % groups, n = item / rows / groups;
            const int64_t z = row / window_.y.out, line = row % window_.y.out;
            const int64_t c = bands_ ? group * kBand : group;
            output_row(x + n * src_[0] + c * src_[1],
                       y + n * dst_[0] + c * dst_[1] + z * dst_[2] + line * dst_[3],
                       ref::taps_of(window_.z, z), ref::taps_of(window_.y, line),
                       std::min(kBand, channels_ - c));
          }
        },
        threads_);
  }

 private:
  static Extents five(Extents strides) {
    while (strides.size() < 5) strides.insert(strides.begin() + 2, 0);
    return strides;
  }
  void output_row(const float* x, float* y, const Taps& z, const Taps& line,
                  int64_t channels) const noexcept {
    for (int64_t k = 0; k < window_.x.out; ++k) {
      const Taps& across = across_[static_cast<size_t>(k)];
      if (bands_)
        band(x, y + k * dst_[4], z, line, across, channels);
      else
        y[k * dst_[4]] = one(x, z, line, across);
    }
  }
  // Calls visit(element) for each tap inside the input.
  template <typename F>
  void for_taps(const float* x, const Taps& z, const Taps& line, const Taps& across,
                F&& visit) const noexcept {
    for (int64_t i = 0; i < z.count; ++i)
      for (int64_t j = 0; j < line.count; ++j) {
        const float* row = x + (z.first + i * window_.z.dilation) * src_[2] +
                           (line.first + j * window_.y.dilation) * src_[3];
        for (int64_t k = 0; k < across.count; ++k)
          visit(row + (across.first + k * window_.x.dilation) * src_[4]);
      }
  }
  // What the sum is divided by; 0: the window has no element.
  double weight(const Taps& z, const Taps& line, const Taps& across) const noexcept {
    const auto of = [&](int64_t Taps::* n) {
      return static_cast<double>(z.*n) * static_cast<double>(line.*n) *
             static_cast<double>(across.*n);
    };
    return of(padded_ ? &Taps::span : &Taps::count);
  }
  float one(const float* x, const Taps& z, const Taps& line, const Taps& across) const noexcept {
    if (max_) {
      float best = std::numeric_limits<float>::lowest();
      bool first = true;
      for_taps(x, z, line, across, [&](const float* v) {
        if (first || *v > best || *v != *v) best = *v;
        first = false;
      });
      return best;
    }
    double sum = 0;
    for_taps(x, z, line, across, [&](const float* v) { sum += static_cast<double>(*v); });
    const double n = weight(z, line, across);
    return n > 0 ? static_cast<float>(sum / n) : 0.0f;
  }
  void band(const float* x, float* y, const Taps& z, const Taps& line, const Taps& across,
            int64_t n) const noexcept {
    float acc[kBand];
    bool first = true;
    for_taps(x, z, line, across, [&](const float* v) {
      if (first)
        std::copy_n(v, n, acc);
      else if (max_)
        lines_.max_rows(n, v, acc);
      else
        lines_.add_rows(n, v, 1.0f, acc);
      first = false;
    });
    if (first) return void(std::fill_n(y, n, max_ ? std::numeric_limits<float>::lowest() : 0.0f));
    const double by = max_ ? 1 : weight(z, line, across);
    const float scale = by > 0 ? static_cast<float>(1 / by) : 0.0f, shift = 0;
    if (max_)
      std::copy_n(acc, n, y);
    else
      lines_.scale(n, acc, &scale, &shift, 0, y);
  }

  const simd::Lines& lines_ = simd::best_lines();
  ref::Window window_;
  bool max_, padded_;
  int threads_;
  int64_t images_ = 0, channels_ = 0;
  int64_t bands_ = 0;  // of channels; 0: they are not the fastest axis
  Extents src_, dst_;  // strides of five axes
  std::vector<Taps> across_;
};

class PoolRow : public HostRow {
 public:
  PoolRow() : HostRow("cpu.pool", {"MaxPool(x)", "AveragePool(x)"}, 0.03) {}

 protected:
  Verdict check(const Problem& p) const override {
    return all_of({expect_f32(p), expect_no_epilogue(p)});
  }
  std::unique_ptr<HostWork> make(const Problem& p, int threads) const override {
    return std::make_unique<PoolWork>(p, threads);
  }
};

}  // namespace

std::unique_ptr<Row> cpu_pool() { return std::make_unique<PoolRow>(); }

}  // namespace tenfold::cpu
