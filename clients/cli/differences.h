// How far a network's outputs are from the reference kernels'.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tenfold/tensor.h"

namespace tenfold::cli {

using Named = std::map<std::string, Tensor>;

struct Difference {
  std::string output;
  double largest = 0, allowed_share = 0, cosine = 1;  // share: largest error over its bound
  int64_t count = 0, not_numbers = 0;  // values; those that are NaN on both sides
  // What a rounding of the inputs alone changes the reference's own values by; asked for only of
  // outputs that are too far away without it. `kRoundings` times as much is allowed then.
  double rounding = 0;
  bool ok = true;
};

// Every step rounds, and in `rounding` only the inputs are rounded.
inline constexpr double kRoundings = 8;

// Compares outputs, computed in `precision`, with what `reference` makes of the inputs, by name.
std::vector<Difference> differences_of(const Named& got, const Named& inputs, DType precision,
                                       const std::function<Named(const Named&)>& reference);

}  // namespace tenfold::cli
