// What the rows of MaxPool and AveragePool share.
#pragma once

#include "backends/cuda/gen/elementwise.h"

namespace tenfold::cuda {

// The anchor of a text that reads window_defines, POOL_MAX and INCLUDE_PAD.
ElementwiseAnchor pool_anchor(std::string text);
// Empty for windows whose sizes are literals of a text, at most 1024 taps and no dilated average;
// else what is unusual.
std::string unusual_window(const Problem& pool);

}  // namespace tenfold::cuda
