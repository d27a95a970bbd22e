// cuda.convert: copies between Formats; also Identity, with any Expr.
#include <algorithm>

#include "backends/cuda/gen/elementwise.h"

namespace tenfold::cuda {
namespace {

std::vector<int> lane_axes(const Problem&, int lane) { return {lane}; }

// Converting moves every element once, whatever the formats: what a copy costs.
class Copy final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;

 protected:
  Verdict accepts(const Problem& p) const override {
    if (p.inputs.empty() || p.inputs[0].dims != p.outputs[0].dims)
      return Verdict::no("input and output differ in extents");
    return {};
  }
};

}  // namespace

std::unique_ptr<Row> cuda_convert() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/copy.cu";
  anchor.own_element = true;
  anchor.lane_axes = lane_axes;
  return std::make_unique<Copy>("cuda.convert",
                                std::vector<std::string>{"Convert(x)", "Identity(x)"}, anchor);
}

}  // namespace tenfold::cuda
