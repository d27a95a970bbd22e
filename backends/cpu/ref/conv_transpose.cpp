// ConvTranspose: the transpose of Conv as a map: y[n,o,q] = sum over c, taps with
// q = p*stride - pad + tap*dilation of x[n,c,p] * w[c,o,tap] (+ b[o]).
#include "backends/cpu/ref/dot.h"
#include "backends/cpu/ref/grouped.h"
#include "src/base/threads.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

// The input position that reaches output `q` through tap `k`, or -1.
int64_t origin(const Axis& a, int64_t q, int64_t k) {
  const int64_t t = q + a.begin - k * a.dilation;
  return t >= 0 && t % a.stride == 0 && t / a.stride < a.in ? t / a.stride : -1;
}

class ConvTransposeKernel : public GroupedKernel {
 public:
  ConvTransposeKernel(const Problem& p, int threads)
      : GroupedKernel(p, threads), weights_(groups_ * out_channels_ * depth_) {}
  int64_t workspace_doubles() const override { return weights_ + threads_ * kPixels * depth_; }

  void run(const RefArgs& args) const noexcept override {
    turn_weights(args.in[1].f64, args.workspace);
    const int64_t pixel_tiles = (w_.out_size() + kPixels - 1) / kPixels;
    const int64_t tiles = batch_ * groups_ * pixel_tiles;
    parallel_lanes(
        tiles, threads_,
        [&](int64_t lane, int64_t t) {
          tile(args, t / pixel_tiles, t % pixel_tiles * kPixels,
               args.workspace + weights_ + lane * kPixels * depth_);
        },
        threads_);
  }

 private:
  // [group][out channel][in channel][tap]
  void turn_weights(const double* w, double* turned) const noexcept {
    const int64_t taps = w_.taps();
    for (int64_t g = 0; g < groups_; ++g)
      for (int64_t c = 0; c < in_channels_; ++c)
        for (int64_t o = 0; o < out_channels_; ++o)
          for (int64_t t = 0; t < taps; ++t)
            turned[(g * out_channels_ + o) * depth_ + c * taps + t] =
                w[((g * in_channels_ + c) * out_channels_ + o) * taps + t];
  }
  void tile(const RefArgs& args, int64_t image, int64_t first, double* patch) const noexcept {
    const int64_t pixels = std::min(kPixels, w_.out_size() - first);
    const double* x = args.in[0].f64 + image * in_channels_ * w_.in_size();
    for (int64_t j = 0; j < pixels; ++j) {
      const int64_t p = first + j;
      double* out = patch + j * depth_;
      for (int64_t c = 0; c < in_channels_; ++c)
        for (int64_t kz = 0; kz < w_.z.kernel; ++kz)
          for (int64_t ky = 0; ky < w_.y.kernel; ++ky) {
            const int64_t iz = origin(w_.z, p / (w_.y.out * w_.x.out), kz);
            const int64_t iy = origin(w_.y, p / w_.x.out % w_.y.out, ky);
            const double* row = x + ((c * w_.z.in + iz) * w_.y.in + iy) * w_.x.in;
            for (int64_t kx = 0; kx < w_.x.kernel; ++kx) {
              const int64_t ix = iz < 0 || iy < 0 ? -1 : origin(w_.x, p % w_.x.out, kx);
              *out++ = ix < 0 ? 0.0 : row[ix];
            }
          }
    }
    const int64_t group = image % groups_;
    for (int64_t o = 0; o < out_channels_; ++o) {
      double* out = args.out[0] + (image * out_channels_ + o) * w_.out_size() + first;
      dot(patch, depth_, pixels, args.workspace + (group * out_channels_ + o) * depth_, depth_, out,
          1);
      if (args.in.size() > 2)
        for (int64_t j = 0; j < pixels; ++j) out[j] += args.in[2].f64[group * out_channels_ + o];
    }
  }

  int64_t weights_;
};

Verdict check(const Problem& p) { return check_weights(p, true); }

std::unique_ptr<RefKernel> make(const Problem& p, int threads) {
  return std::make_unique<ConvTransposeKernel>(p, threads);
}

}  // namespace

std::unique_ptr<Row> ref_conv_transpose() {
  return ref::make_ref_row(
      {"ConvTranspose", {"ConvTranspose(x, w)", "ConvTranspose(x, w, b)"}, make, check});
}

}  // namespace tenfold::cpu
