// Conv: y[n,o,p] = sum over c, taps of x[n,c,p*stride - pad + tap*dilation] * w[o,c,tap] (+ b[o]).
#include "backends/cpu/ref/dot.h"
#include "backends/cpu/ref/grouped.h"
#include "src/base/threads.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

constexpr int64_t kRows = 64;    // output channels of a tile

class ConvKernel : public GroupedKernel {
 public:
  ConvKernel(const Problem& p, int threads) : GroupedKernel(p, threads) {}
  int64_t workspace_doubles() const override { return threads_ * (kPixels + 1) * depth_; }
  bool takes_f32(int k) const override { return k == 1; }

  void run(const RefArgs& args) const noexcept override {
    const int64_t pixel_tiles = (w_.out_size() + kPixels - 1) / kPixels;
    const int64_t row_tiles = (out_channels_ + kRows - 1) / kRows;
    const int64_t tiles = batch_ * groups_ * pixel_tiles * row_tiles;
    parallel_for(
        threads_, 1,
        [&](int64_t from, int64_t to) {
          for (int64_t c = from; c < to; ++c) {
            double* patch = args.workspace + c * (kPixels + 1) * depth_;
            int64_t gathered = -1;
            for (int64_t t = tiles * c / threads_; t < tiles * (c + 1) / threads_; ++t) {
              const int64_t place = t / row_tiles, image = place / pixel_tiles;
              const int64_t first = place % pixel_tiles * kPixels;
              const int64_t pixels = std::min(kPixels, w_.out_size() - first);
              if (place != gathered)
                gather(args.in[0].f64 + image * in_channels_ * w_.in_size(), first, pixels, patch);
              gathered = place;
              multiply(args, image, first, pixels, t % row_tiles * kRows, patch);
            }
          }
        },
        threads_);
  }

 private:
  // patch[j][c][tap] of output pixels first..first+pixels.
  void gather(const double* x, int64_t first, int64_t pixels, double* patch) const noexcept {
    for (int64_t j = 0; j < pixels; ++j) {
      const int64_t p = first + j;
      const int64_t z0 = p / (w_.y.out * w_.x.out) * w_.z.stride - w_.z.begin;
      const int64_t y0 = p / w_.x.out % w_.y.out * w_.y.stride - w_.y.begin;
      const int64_t x0 = p % w_.x.out * w_.x.stride - w_.x.begin;
      double* out = patch + j * depth_;
      for (int64_t c = 0; c < in_channels_; ++c)
        for (int64_t kz = 0; kz < w_.z.kernel; ++kz)
          for (int64_t ky = 0; ky < w_.y.kernel; ++ky) {
            const int64_t iz = z0 + kz * w_.z.dilation, iy = y0 + ky * w_.y.dilation;
            const bool inside = iz >= 0 && iz < w_.z.in && iy >= 0 && iy < w_.y.in;
            const double* row = x + ((c * w_.z.in + iz) * w_.y.in + iy) * w_.x.in;
            for (int64_t kx = 0; kx < w_.x.kernel; ++kx) {
              const int64_t ix = x0 + kx * w_.x.dilation;
              *out++ = inside && ix >= 0 && ix < w_.x.in ? row[ix] : 0.0;
            }
          }
    }
  }
  void multiply(const RefArgs& args, int64_t image, int64_t first, int64_t pixels, int64_t row0,
                double* patch) const noexcept {
    double* row_buffer = patch + kPixels * depth_;
    const int64_t group = image % groups_;
    for (int64_t r = row0; r < std::min(row0 + kRows, out_channels_); ++r) {
      const int64_t channel = group * out_channels_ + r;
      const double* w =
          widen_row(args.in[1].f64, args.in[1].f32, channel * depth_, depth_, row_buffer);
      double* out = args.out[0] + (image * out_channels_ + r) * w_.out_size() + first;
      dot(patch, depth_, pixels, w, depth_, out, 1);
      if (args.in.size() > 2)
        for (int64_t j = 0; j < pixels; ++j) out[j] += args.in[2].f64[channel];
    }
  }
};

Verdict check(const Problem& p) { return check_weights(p, false); }

std::unique_ptr<RefKernel> make(const Problem& p, int threads) {
  return std::make_unique<ConvKernel>(p, threads);
}

}  // namespace

std::unique_ptr<Row> ref_conv() {
  return ref::make_ref_row({"Conv", {"Conv(x, w)", "Conv(x, w, b)"}, make, check});
}

}  // namespace tenfold::cpu
