#include "backends/cuda/gen/pool.h"

#include <algorithm>

#include "backends/cuda/gen/window.h"

namespace tenfold::cuda {
namespace {

constexpr int64_t kMostTaps = 1024;

std::vector<int> lane_axes(const Problem&, int lane) { return {lane == 1 ? 1 : -1}; }

// Windows of neighbouring columns are not neighbours in memory: lanes are channels or single.
int lane_limit(const Problem& p) {
  return p.outputs[0].format.layout.kind == Layout::Kind::kChannelsLast ? 0 : 1;
}

std::string defines(const Problem& p) {
  const auto flag = [](bool on) { return on ? "1\n" : "0\n"; };
  return window_defines(p) + "#define POOL_MAX " + flag(p.op == "MaxPool") +
         "#define INCLUDE_PAD " + flag(p.attrs.i("count_include_pad", 0) != 0);
}

}  // namespace

ElementwiseAnchor pool_anchor(std::string text) {
  ElementwiseAnchor anchor;
  anchor.include = std::move(text);
  anchor.lane_axes = lane_axes;
  anchor.params = add_input_extents;
  anchor.defines = defines;
  anchor.lane_limit = lane_limit;
  return anchor;
}

std::string unusual_window(const Problem& pool) {
  const SpatialWindow w = window_of(pool);
  int64_t taps = 1;
  for (const int64_t k : w.kernel) taps *= std::min(k, kMostTaps + 1);
  if (taps > kMostTaps) return "a window of more than 1024 taps";
  const bool dilated =
      std::any_of(w.dilations.begin(), w.dilations.end(), [](int64_t d) { return d != 1; });
  return dilated && pool.op == "AveragePool" ? "a dilated average" : "";
}

}  // namespace tenfold::cuda
