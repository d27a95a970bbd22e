// The spatial window of convolutions and poolings as preprocessor lines and parameters.
#pragma once

#include "backends/cuda/gen/params.h"
#include "tenfold/kernel.h"

namespace tenfold::cuda {

struct SpatialWindow {
  std::vector<int64_t> kernel, strides, dilations, begins, ends;
  size_t rank() const { return kernel.size(); }
};
// From the attributes kernel, strides, dilations, pads; the kernel's extents from input 1 for
// convolutions that state none.
SpatialWindow window_of(const Problem& problem);
// A reason to refuse, or empty: one to three spatial axes whose attributes agree.
std::string window_refusal(const Problem& problem);
// SPATIAL, K0.., S0.., D0.., B0.. (begin pads), E0.. (end pads), H0.. (input 0's extents); missing
// axes are neutral.
std::string window_defines(const Problem& problem);
// h0, h1, h2: the spatial extents of input 0.
void add_input_extents(const Problem& bound, ParamList& list);

// An axis attribute counted from the front; -1 if out of range.
int axis_of(int64_t axis, size_t rank);

}  // namespace tenfold::cuda
