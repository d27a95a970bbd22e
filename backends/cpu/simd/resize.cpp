// Linear Resize of f32: every output element is a weighted sum of up to eight corners. Channels
// side by side where they are the fastest axis, else along the rows.
#include "backends/cpu/ref/sources.h"
#include "backends/cpu/simd/host_row.h"
#include "backends/cpu/simd/lines.h"
#include "src/base/threads.h"

namespace tenfold::cpu {
namespace {

constexpr int64_t kBand = 256;  // channels side by side

class ResizeWork : public HostWork {
 public:
  ResizeWork(const Problem& p, int threads) : threads_(threads) {
    const Extents y = dims_of(p.outputs[0]), src = strides_of(p.inputs[0]),
                  dst = strides_of(p.outputs[0]);
    images_ = y[0];
    channels_ = y[1];
    image_ = {src[0], dst[0]};
    channel_ = {src[1], dst[1]};
    const size_t spatial = y.size() - 2;
    for (size_t k = 0; k < spatial; ++k) {
      Axis& a = axes_[3 - spatial + k];
      a.src = src[2 + k];
      a.dst = dst[2 + k];
      a.taps = ref::resize_taps(p, k);
    }
    bands_ = src[1] == 1 && dst[1] == 1 ? (channels_ + kBand - 1) / kBand : 0;
  }

  void run(void* const* slots) noexcept override {
    const auto* x = static_cast<const float*>(slots[0]);
    auto* y = static_cast<float*>(slots[1]);
    // One item: a row of outputs of a plane, or of a band of channels.
    const int64_t groups = bands_ ? bands_ : channels_;
    const int64_t rows = axes_[0].extent() * axes_[1].extent();
    parallel_for(
        images_ * groups * rows, 4,
        [&](int64_t from, int64_t to) {
          for (int64_t item = from; item < to; ++item) {
            const int64_t row = item % rows, group = item / rows % groups, n = item / rows / groups;
            const int64_t c = bands_ ? group * kBand : group;
            output_row(x + n * image_.src + c * channel_.src, y + n * image_.dst + c * channel_.dst,
                       row / axes_[1].extent(), row % axes_[1].extent(),
                       bands_ ? std::min(kBand, channels_ - c) : 1);
          }
        },
        threads_);
  }

 private:
  struct Step {
    int64_t src = 0, dst = 0;
  };
  struct Axis {
    int64_t src = 0, dst = 0;
    std::vector<ref::Tap> taps = std::vector<ref::Tap>(1);
    int64_t extent() const { return static_cast<int64_t>(taps.size()); }
  };
  // Source rows of an output row, with their weights.
  struct Corner {
    int64_t offset;
    double weight;
  };

  void output_row(const float* x, float* y, int64_t z, int64_t line,
                  int64_t channels) const noexcept {
    const ref::Tap &a = axes_[0].taps[static_cast<size_t>(z)],
                   &b = axes_[1].taps[static_cast<size_t>(line)];
    y += z * axes_[0].dst + line * axes_[1].dst;
    Corner rows[4];
    size_t n = 0;
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 2; ++j) {
        const double w = (i ? a.weight : 1 - a.weight) * (j ? b.weight : 1 - b.weight);
        if (w != 0)
          rows[n++] = {(i ? a.high : a.low) * axes_[0].src + (j ? b.high : b.low) * axes_[1].src,
                       w};
      }
    for (const ref::Tap& c : axes_[2].taps) {
      column(x, y, {rows, n}, c, channels);
      y += axes_[2].dst;
    }
  }
  void column(const float* x, float* y, std::span<const Corner> rows, const ref::Tap& c,
              int64_t channels) const noexcept {
    float acc[kBand] = {};
    for (const Corner& row : rows)
      for (int k = 0; k < 2; ++k) {
        const double w = row.weight * (k ? c.weight : 1 - c.weight);
        if (w == 0) continue;
        const float* from = x + row.offset + (k ? c.high : c.low) * axes_[2].src;
        if (channels > 1)
          lines_.add_rows(channels, from, static_cast<float>(w), acc);
        else
          acc[0] += static_cast<float>(w) * *from;
      }
    std::copy_n(acc, channels, y);
  }

  const simd::Lines& lines_ = simd::best_lines();
  int threads_;
  int64_t images_ = 0, channels_ = 0, bands_ = 0;  // bands 0: channels are not the fastest axis
  Step image_, channel_;
  Axis axes_[3];
};

class LinearRow : public HostRow {
 public:
  LinearRow() : HostRow("cpu.resize_linear", {"Resize(x)"}, 0.03) {}

 protected:
  Verdict check(const Problem& p) const override {
    if (p.attrs.s("mode", "nearest") != "linear") return Verdict::no("mode is not linear");
    return all_of({expect_f32(p), expect_no_epilogue(p)});
  }
  std::unique_ptr<HostWork> make(const Problem& p, int threads) const override {
    return std::make_unique<ResizeWork>(p, threads);
  }
};

}  // namespace

std::unique_ptr<Row> cpu_resize_linear() { return std::make_unique<LinearRow>(); }

}  // namespace tenfold::cpu
