// cuda.tile: the input, repeated along each axis.
#include "backends/cuda/gen/elementwise.h"

namespace tenfold::cuda {
namespace {

std::string defines(const Problem& p) {
  std::string text = "#define tile_coordinates(P, o, v, i) do {";
  for (size_t k = 0; k < p.inputs[0].dims.size(); ++k) {
    const std::string n = std::to_string(k);
    text += " { const int at = o.d[" + n + "] + (" + n + " == LANE_AXIS ? v : 0); i[" + n +
            "] = at - divide(at, P.size" + n + ") * P.size" + n + ".d; }";
  }
  return text + " } while (0)\n";
}

void params(const Problem& p, ParamList& list) {
  for (size_t k = 0; k < p.inputs[0].dims.size(); ++k)
    list.add_divisor("size" + std::to_string(k), p.inputs[0].dims[k].value());
}

class Tile final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;

 protected:
  Verdict accepts(const Problem& p) const override {
    const Shape &x = p.inputs[0].dims, &y = p.outputs[0].dims;
    const auto repeats = p.attrs.ints("repeats");
    if (repeats.size() != x.size() || y.size() != x.size())
      return Verdict::no("repeats of another rank");
    for (size_t d = 0; d < x.size(); ++d)
      if (!(y[d] == x[d] * Dim(repeats[d]))) return Verdict::no("extents differ");
    return {};
  }
};

}  // namespace

std::unique_ptr<Row> cuda_tile() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/tile.cu";
  anchor.params = params;
  anchor.defines = defines;
  return std::make_unique<Tile>("cuda.tile", std::vector<std::string>{"Tile(x)"}, anchor);
}

}  // namespace tenfold::cuda
