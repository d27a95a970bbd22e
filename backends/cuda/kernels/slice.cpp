// cuda.slice: starts and steps along any axes.
#include <algorithm>

#include "backends/cuda/gen/elementwise.h"
#include "backends/cuda/gen/window.h"

namespace tenfold::cuda {
namespace {

std::vector<int> lane_axes(const Problem&, int lane) { return {lane}; }

// Lanes read consecutive elements, so steps leave one lane.
int lane_limit(const Problem& p) {
  for (const int64_t step : p.attrs.ints("steps"))
    if (step != 1) return 1;
  return 0;
}

std::string defines(const Problem& p) {
  std::string text = "#define slice_coordinates(P, o, i) do {";
  for (size_t k = 0; k < p.inputs[0].dims.size(); ++k) {
    const std::string n = std::to_string(k);
    text += " i[" + n + "] = P.first" + n + " + o.d[" + n + "] * P.step" + n + ";";
  }
  return text + " } while (0)\n";
}

void params(const Problem& p, ParamList& list) {
  const size_t rank = p.inputs[0].dims.size();
  const auto starts = p.attrs.ints("starts"), axes = p.attrs.ints("axes"),
             steps = p.attrs.ints("steps");
  std::vector<int64_t> first(rank, 0), step(rank, 1);
  for (size_t k = 0; k < starts.size(); ++k) {
    const auto d = static_cast<size_t>(axes.empty() ? static_cast<int>(k) : axis_of(axes[k], rank));
    const int64_t extent = p.inputs[0].dims[d].value();
    step[d] = k < steps.size() ? steps[k] : 1;
    const int64_t at = starts[k] < 0 ? starts[k] + extent : starts[k];
    first[d] = std::clamp<int64_t>(at, 0, step[d] < 0 ? std::max<int64_t>(extent - 1, 0) : extent);
  }
  for (size_t k = 0; k < rank; ++k) {
    list.add("first" + std::to_string(k), first[k]);
    list.add("step" + std::to_string(k), step[k]);
  }
}

class Slice final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;

 protected:
  Verdict accepts(const Problem& p) const override {
    const size_t rank = p.inputs[0].dims.size();
    if (p.outputs[0].dims.size() != rank) return Verdict::no("the output's rank differs");
    const auto starts = p.attrs.ints("starts"), axes = p.attrs.ints("axes");
    if (starts.size() > rank || (!axes.empty() && axes.size() != starts.size()))
      return Verdict::no("starts and axes differ in length");
    for (const int64_t axis : axes)
      if (axis_of(axis, rank) < 0) return Verdict::no("an axis is out of range");
    return {};
  }
};

}  // namespace

std::unique_ptr<Row> cuda_slice() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/slice.cu";
  anchor.lane_axes = lane_axes;
  anchor.params = params;
  anchor.defines = defines;
  anchor.aligned_lanes = false;
  anchor.lane_limit = lane_limit;
  return std::make_unique<Slice>("cuda.slice", std::vector<std::string>{"Slice(x)"}, anchor);
}

}  // namespace tenfold::cuda
