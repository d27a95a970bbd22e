// Which element of the input an element of the output is, along one axis: rules that the reference
// and faster rows share.
#pragma once

#include <string>
#include <vector>

#include "tenfold/problem.h"

namespace tenfold::cpu::ref {

// Pad: the input index of output index `at`, or -1 for the filling. `extent` is the input's.
int64_t pad_source(const std::string& mode, int64_t extent, int64_t before, int64_t at);

// Resize: an output index takes (1 - weight) of the input's `low` and weight of its `high`.
struct Tap {
  int64_t low = 0, high = 0;
  double weight = 0;
};
// By output index, along spatial axis `k` of a bound Resize. Error{kInvalid} if there is nothing to
// take.
std::vector<Tap> resize_taps(const Problem& bound, size_t k);

}  // namespace tenfold::cpu::ref
