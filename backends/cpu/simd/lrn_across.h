// LRN across channels: y = x / (bias + alpha / size * sum of x^2 over `size` channels)^beta.
#pragma once

#include "backends/cpu/simd/host_row.h"

namespace tenfold::cpu {

// Of a bound Problem of f32, any strides. Where beta is a multiple of 1/4 up to 1 and the sums are
// of middling size it works on vectors of floats, else in double.
std::unique_ptr<HostWork> lrn_across(const Problem& bound, int threads);

}  // namespace tenfold::cpu
