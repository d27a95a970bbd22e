// Convolutions of any rank, group and dilation, one output element a lane: the rows that take what
// others refuse.
#pragma once

#include "backends/cuda/gen/elementwise.h"

namespace tenfold::cuda {

// The row "cuda.<name>" for `patterns`, whose text kernels/<name>.cu stands on gen/naive_conv.cuh.
// `filters`: the weights' axis that the sums do not run over.
std::unique_ptr<Row> naive_conv(const std::string& name, std::vector<std::string> patterns,
                                size_t filters);

}  // namespace tenfold::cuda
