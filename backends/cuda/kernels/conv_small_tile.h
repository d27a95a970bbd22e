// How cuda.conv_small divides a convolution: sizes, tiles and a model of their times.
#pragma once

#include "tenfold/kernel.h"

namespace tenfold::cuda {

// A convolution's extents at given symbol values; a kernel depends on those marked *.
struct SmallConv {
  int64_t batch = 0, height = 0, width = 0;  // of the output
  int filters = 0;
  int cell = 0;           // * stored channels
  bool packed = false;  // * a row of the window is one tap: cells of 4 or 8 channels side by side
  bool flat = false;  // * pixels count through all pictures: windows of one pixel
  int kernel[2] = {1, 1}, strides[2] = {1, 1}, dilations[2] = {1, 1};  // *
  int window_cells = 1;  // * columns of the window, where packed up to whole blocks
  int operands = 0;  // of the Expr that are as large as the output
  int taps_h = 1, taps_w = 1, blocks = 1;  // * the depth: taps of blocks of 16 elements
  int64_t pixels() const { return batch * height * width; }
  int filter_tiles() const { return (filters + 15) / 16; }
  int steps() const { return taps_h * taps_w * blocks; }
};
SmallConv small_conv(const Problem& bound);
// A reason why no tile serves it, or empty.
std::string small_conv_refusal(const SmallConv& conv);

// One choice, as kernels/conv_small.cu names its parts.
struct SmallTile {
  int rows = 1, cols = 16;  // of output pixels
  int wn = 1, mt = 1, wc = 1, wt = 1;  // filters: wn * mt * 16; warps: wn * wc * wt
  int chunks = 1, depth = 1;  // parts of the channels; fragments of weights in flight
  int pixels() const { return rows * cols; }
  int filters() const { return wn * mt * 16; }
  int threads() const { return wn * wc * wt * 32; }
  std::string str() const;
  static SmallTile parse(const Tactic& tactic);  // Error{kInvalid}
  bool operator==(const SmallTile&) const = default;
};

// Whether the kernel is right with this tile: a plan may name any.
bool is_tile_of(const SmallConv& conv, const SmallTile& tile);
int shared_bytes_of(const SmallConv& conv, const SmallTile& tile);
int64_t blocks_of(const SmallConv& conv, const SmallTile& tile);  // of threads, in all
double time_us(const SmallConv& conv, const SmallTile& tile, const Target& target);
// Those worth timing, best first; empty where nothing fits.
std::vector<SmallTile> small_tiles(const SmallConv& conv, const Target& target);

}  // namespace tenfold::cuda
