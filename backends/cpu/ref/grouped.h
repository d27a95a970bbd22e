// What Conv and ConvTranspose share: the sizes of a grouped convolution.
#pragma once

#include "backends/cpu/ref/window.h"

namespace tenfold::cpu::ref {

class GroupedKernel : public RefKernel {
 protected:
  static constexpr int64_t kPixels = 16;  // of a tile

  GroupedKernel(const Problem& p, int threads) : threads_(threads) {
    const Extents x = input_dims(p, 0), w = input_dims(p, 1), y = output_dims(p);
    w_ = window_of(p, {w.begin() + 2, w.end()});
    groups_ = p.attrs.i("group", 1);
    batch_ = x[0];
    in_channels_ = x[1] / groups_;
    out_channels_ = y[1] / groups_;
    depth_ = in_channels_ * w_.taps();
  }

  int threads_;
  Window w_;
  int64_t groups_ = 1, batch_ = 0;
  int64_t in_channels_ = 0, out_channels_ = 0;  // of a group
  int64_t depth_ = 0;                           // products that make an output element
};

}  // namespace tenfold::cpu::ref
