// Softmax and LogSoftmax of f32 along any axis, shifted by the largest element: line by line where
// the axis is the fastest, else many lines side by side in bands.
#include <cmath>

#include "backends/cpu/simd/axes.h"
#include "backends/cpu/simd/lines.h"

namespace tenfold::cpu {
namespace {

class SoftmaxWork : public HostWork {
 public:
  SoftmaxWork(bool log, Reduction r, int threads)
      : log_(log), r_(std::move(r)), threads_(threads) {}

  void run(void* const* slots) noexcept override {
    const auto* x = static_cast<const float*>(slots[0]);
    auto* y = static_cast<float*>(slots[1]);
    r_.for_each(
        threads_, [&](const Place& p) { line(x + p.src, y + p.dst); },
        [&](const Place& p, int64_t begin, int64_t n) {
          band(x + p.src + begin, y + p.dst + begin, n);
        });
  }

 private:
  void line(const float* x, float* y) const noexcept {
    double most = -HUGE_VAL, sum = 0;
    for (const Place& p : r_.reduced) {
      const double m = lines_.fold(simd::Fold::kMax, r_.extent, x + p.src);
      most = m > most || m != m ? m : most;
    }
    const auto shift = static_cast<float>(most);
    for (const Place& p : r_.reduced)
      sum += lines_.exp_line(r_.extent, x + p.src, shift, log_ ? nullptr : y + p.dst);
    const float by = log_ ? 1.0f : static_cast<float>(1 / sum);
    const float plus = log_ ? static_cast<float>(-std::log(sum)) : 0.0f;
    for (const Place& p : r_.reduced) {
      if (log_)
        for (int64_t k = 0; k < r_.extent; ++k) y[p.dst + k] = x[p.src + k] - shift + plus;
      else
        lines_.scale(r_.extent, y + p.dst, &by, &plus, 0, y + p.dst);
    }
  }
  void band(const float* x, float* y, int64_t n) const noexcept {
    float most[kBand], sum[kBand] = {}, zero[kBand] = {};
    std::copy_n(x + r_.reduced[0].src, n, most);
    for (const Place& p : r_.reduced) lines_.max_rows(n, x + p.src, most);
    for (const Place& p : r_.reduced)
      lines_.exp_rows(n, x + p.src, most, log_ ? nullptr : y + p.dst, sum);
    for (int64_t k = 0; k < n; ++k) sum[k] = log_ ? std::log(sum[k]) : 1 / sum[k];
    for (const Place& p : r_.reduced) {
      if (log_)
        for (int64_t k = 0; k < n; ++k) y[p.dst + k] = x[p.src + k] - most[k] - sum[k];
      else
        lines_.scale(n, y + p.dst, sum, zero, 1, y + p.dst);
    }
  }

  const simd::Lines& lines_ = simd::best_lines();
  bool log_;
  Reduction r_;
  int threads_;
};

class SoftmaxRow : public HostRow {
 public:
  SoftmaxRow() : HostRow("cpu.softmax", {"Softmax(x)", "LogSoftmax(x)"}, 0.04) {}
  int in_place(const Problem& p) const override {
    return p.inputs[0].dims == p.outputs[0].dims && p.inputs[0].format == p.outputs[0].format ? 0
                                                                                              : -1;
  }

 protected:
  Verdict check(const Problem& p) const override {
    return all_of({expect_f32(p), expect_no_epilogue(p)});
  }
  std::unique_ptr<HostWork> make(const Problem& p, int threads) const override {
    const Extents dims = dims_of(p.inputs[0]);
    std::vector<bool> reduced(dims.size(), false);
    reduced[static_cast<size_t>(normal_axis(p.attrs.i("axis", -1), dims.size()))] = true;
    if (dims != dims_of(p.outputs[0])) throw Error(Code::kInvalid, p.op + ": extents differ");
    Reduction r(dims, strides_of(p.inputs[0]), strides_of(p.outputs[0]), reduced, true);
    return std::make_unique<SoftmaxWork>(p.op == "LogSoftmax", std::move(r), threads);
  }
};

}  // namespace

std::unique_ptr<Row> cpu_softmax() { return std::make_unique<SoftmaxRow>(); }

}  // namespace tenfold::cpu
