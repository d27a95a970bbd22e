// cuda.pad: constant, edge and reflected borders; negative pads cut.
#include "backends/cuda/gen/elementwise.h"

namespace tenfold::cuda {
namespace {

std::string defines(const Problem& p) {
  const std::string mode = p.attrs.s("mode", "constant");
  std::string text = std::string("#define MODE ") +
                     (mode == "edge"      ? "1"
                      : mode == "reflect" ? "2"
                                          : "0") +
                     "\n#define pad_coordinates(P, o, i, size) do {";
  for (size_t k = 0; k < p.inputs[0].dims.size(); ++k) {
    const std::string n = std::to_string(k);
    text += " i[" + n + "] = o.d[" + n + "] - P.begin" + n + "; size[" + n + "] = P.size" + n + ";";
  }
  return text + " } while (0)\n";
}

void params(const Problem& p, ParamList& list) {
  const auto pads = p.attrs.ints("pads");
  for (size_t k = 0; k < p.inputs[0].dims.size(); ++k) {
    list.add("begin" + std::to_string(k), pads[k]);
    list.add("size" + std::to_string(k), p.inputs[0].dims[k].value());
  }
  list.add_float("value", p.attrs.f("value", 0));
}

class Pad final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;

 protected:
  Verdict accepts(const Problem& p) const override {
    const size_t rank = p.inputs[0].dims.size();
    const std::string mode = p.attrs.s("mode", "constant");
    if (p.outputs[0].dims.size() != rank || p.attrs.ints("pads").size() != 2 * rank)
      return Verdict::no("pads of another rank");
    if (mode != "constant" && mode != "edge" && mode != "reflect")
      return Verdict::no("mode " + mode);
    return {};
  }
};

}  // namespace

std::unique_ptr<Row> cuda_pad() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/pad.cu";
  anchor.params = params;
  anchor.defines = defines;
  return std::make_unique<Pad>("cuda.pad", std::vector<std::string>{"Pad(x)"}, anchor);
}

}  // namespace tenfold::cuda
