// cuda.pool: MaxPool and AveragePool in any layout; the window's sizes are literals.
#include <algorithm>

#include "backends/cuda/gen/elementwise.h"
#include "backends/cuda/gen/window.h"

namespace tenfold::cuda {
namespace {

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

class Pool final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;

 protected:
  Verdict accepts(const Problem& p) const override {
    if (const std::string why = window_refusal(p); !why.empty()) return Verdict::no(why);
    int64_t taps = 1;
    for (const int64_t k : window_of(p).kernel) taps *= std::min<int64_t>(k, 1025);
    if (taps > 1024) return Verdict::no("a window of more than 1024 taps");
    if (p.op == "AveragePool")
      for (const int64_t d : window_of(p).dilations)
        if (d != 1) return Verdict::no("a dilated average");
    return {};
  }
};

}  // namespace

std::unique_ptr<Row> cuda_pool() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/pool.cu";
  anchor.lane_axes = lane_axes;
  anchor.params = add_input_extents;
  anchor.defines = defines;
  anchor.lane_limit = lane_limit;
  return std::make_unique<Pool>("cuda.pool",
                                std::vector<std::string>{"MaxPool(x)", "AveragePool(x)"}, anchor);
}

}  // namespace tenfold::cuda
