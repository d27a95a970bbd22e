// The graph's part of preprocessing: u8[N,H,W,C] pictures become the f32[N,C,h,w] that a network
// reads.
#pragma once

#include "tenfold/graph.h"

namespace tenfold {

struct PictureInput {
  int64_t channels = 3;
  int64_t height = 0, width = 0;  // of the pictures; at least the network's, which crops the center
  bool swap_channels = false;  // pictures are RGB, the network reads BGR (or the other way round)
  Tensor mean;  // f32, in the network's order: [C], [C,H,W] of pictures or network; or none
  double scale = 1;  // (x - mean) * scale
};

// Adds the input `name` and the nodes behind it; returns their result, of dims
// [batch,C,height,width]. Error{kInvalid} when picture and network do not fit each other.
ValueId add_picture_input(GraphBuilder& builder, const std::string& name, const Dim& batch,
                          int64_t height, int64_t width, const PictureInput& picture);

}  // namespace tenfold
