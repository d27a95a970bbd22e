// cuda.batch_norm: a batch normalization that was not folded.
#include "backends/cuda/gen/elementwise.h"

namespace tenfold::cuda {
namespace {

std::vector<int> lane_axes(const Problem&, int lane) { return {lane, -1, -1, -1, -1}; }

void params(const Problem& p, ParamList& list) {
  list.add_float("epsilon", p.attrs.f("epsilon", 1e-5));
}

class BatchNorm final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;

 protected:
  Verdict accepts(const Problem& p) const override {
    if (p.anchor_inputs != 5) return Verdict::no("it takes x, scale, shift, mean and variance");
    for (size_t k = 1; k < 5; ++k)
      if (p.inputs[k].dims.size() != 1) return Verdict::no("statistics that are not one a channel");
    if (p.inputs[0].dims.size() < 2) return Verdict::no("no channels");
    return {};
  }
};

}  // namespace

std::unique_ptr<Row> cuda_batch_norm() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/batch_norm.cu";
  anchor.own_element = true;
  anchor.lane_axes = lane_axes;
  anchor.params = params;
  return std::make_unique<BatchNorm>(
      "cuda.batch_norm", std::vector<std::string>{"BatchNormalization(x, s, b, m, v)"}, anchor);
}

}  // namespace tenfold::cuda
