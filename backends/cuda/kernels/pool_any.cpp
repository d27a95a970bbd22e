// cuda.pool_any: MaxPool and AveragePool whose windows cuda.pool does not take: very large ones,
// and averages that are dilated.
#include <algorithm>

#include "backends/cuda/gen/elementwise.h"
#include "backends/cuda/gen/window.h"

namespace tenfold::cuda {
namespace {

constexpr int64_t kLarge = 1024;  // taps

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

class PoolAny final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;

 protected:
  Verdict accepts(const Problem& p) const override {
    if (const std::string why = window_refusal(p); !why.empty()) return Verdict::no(why);
    const SpatialWindow w = window_of(p);
    int64_t taps = 1;
    for (const int64_t k : w.kernel) taps *= std::min(k, kLarge + 1);
    const bool dilated =
        std::any_of(w.dilations.begin(), w.dilations.end(), [](int64_t d) { return d != 1; });
    if (taps <= kLarge && !(dilated && p.op == "AveragePool"))
      return Verdict::no("a window that cuda.pool takes");
    return {};
  }
  double efficiency(const Problem&) const override { return 0.1; }
};

}  // namespace

std::unique_ptr<Row> cuda_pool_any() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/pool_any.cu";
  anchor.lane_axes = lane_axes;
  anchor.params = add_input_extents;
  anchor.defines = defines;
  anchor.lane_limit = lane_limit;
  return std::make_unique<PoolAny>(
      "cuda.pool_any", std::vector<std::string>{"MaxPool(x)", "AveragePool(x)"}, anchor);
}

}  // namespace tenfold::cuda
