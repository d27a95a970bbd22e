#include "backends/cpu/ref/sources.h"

#include <algorithm>
#include <cmath>

#include "tenfold/diag.h"

namespace tenfold::cpu::ref {
namespace {

double position(const std::string& coordinates, int64_t k, int64_t in, int64_t out, double scale) {
  const auto at = static_cast<double>(k);
  if (coordinates == "asymmetric") return at / scale;
  if (coordinates == "align_corners")
    return out > 1 ? at * static_cast<double>(in - 1) / static_cast<double>(out - 1) : 0.0;
  return (at + 0.5) / scale - 0.5;
}

double nearest(const std::string& rounding, double x) {
  if (rounding == "floor") return std::floor(x);
  if (rounding == "ceil") return std::ceil(x);
  if (rounding == "round_prefer_ceil") return std::floor(x + 0.5);
  return std::ceil(x - 0.5);
}

}  // namespace

int64_t pad_source(const std::string& mode, int64_t extent, int64_t before, int64_t at) {
  at -= before;
  if (mode == "edge" && extent > 0) at = std::clamp<int64_t>(at, 0, extent - 1);
  if (mode == "reflect" && extent > 1) {
    const int64_t period = 2 * (extent - 1);
    at = ((at % period) + period) % period;
    if (at >= extent) at = period - at;
  }
  return at >= 0 && at < extent ? at : -1;
}

std::vector<Tap> resize_taps(const Problem& p, size_t k) {
  const int64_t in = p.inputs[0].dims[2 + k].value(), out = p.outputs[0].dims[2 + k].value();
  const std::string mode = p.attrs.s("mode", "nearest"),
                    coordinates = p.attrs.s("coordinates", "half_pixel"),
                    rounding = p.attrs.s("rounding", "round_prefer_floor");
  const auto scales = p.attrs.floats("scales");
  if (in < 1 && out > 0) throw Error(Code::kInvalid, "Resize: the input has no element");
  const double scale =
      scales.empty() ? static_cast<double>(out) / static_cast<double>(in) : scales[k];
  std::vector<Tap> taps(static_cast<size_t>(out));
  for (int64_t o = 0; o < out; ++o) {
    const double at =
        std::clamp(position(coordinates, o, in, out, scale), 0.0, static_cast<double>(in - 1));
    Tap& t = taps[static_cast<size_t>(o)];
    const double low = mode == "linear" ? std::floor(at) : nearest(rounding, at);
    t.low = std::clamp<int64_t>(static_cast<int64_t>(low), 0, in - 1);
    t.high = std::min(t.low + 1, in - 1);
    t.weight = mode == "linear" ? at - static_cast<double>(t.low) : 0.0;
  }
  return taps;
}

}  // namespace tenfold::cpu::ref
