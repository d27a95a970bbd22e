// cuda.conv_direct: any convolution, one output element a lane. The last resort.
#include "backends/cuda/gen/elementwise.h"
#include "backends/cuda/gen/window.h"

namespace tenfold::cuda {
namespace {

void params(const Problem& p, ParamList& list) {
  add_input_extents(p, list);
  const int64_t group = p.attrs.i("group", 1);
  list.add("filters", p.outputs[0].dims[1].value());
  list.add("filters_per_group", p.outputs[0].dims[1].value() / group);
  list.add("channels_per_group", p.inputs[0].dims[1].value() / group);
}

class ConvDirect final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;

 protected:
  Verdict accepts(const Problem& p) const override {
    if (p.anchor_inputs != 2) return Verdict::no("it takes an input and weights");
    if (const std::string why = window_refusal(p); !why.empty()) return Verdict::no(why);
    return {};
  }
  double efficiency(const Problem&) const override { return 0.01; }
  // Two dependent loads a product.
  double serial_us(const Problem& p) const override {
    return 0.03 * static_cast<double>(element_count(const_extents(p.inputs[1].dims)) /
                                      p.inputs[1].dims[0].value());
  }
};

}  // namespace

std::unique_ptr<Row> cuda_conv_direct() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/conv_direct.cu";
  anchor.params = params;
  anchor.defines = window_defines;
  anchor.vector = false;
  return std::make_unique<ConvDirect>(
      "cuda.conv_direct", std::vector<std::string>{"Conv(x, w)", "Conv(x, w, b)"}, anchor);
}

}  // namespace tenfold::cuda
