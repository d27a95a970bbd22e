// cuda.reshape: Reshape, Flatten, Squeeze and Unsqueeze where they are no view.
#include "backends/cuda/gen/elementwise.h"

namespace tenfold::cuda {
namespace {

std::string defines(const Problem& p) {
  const size_t out = p.outputs[0].dims.size(), in = p.inputs[0].dims.size();
  std::string text = "#define RANK_IN " + std::to_string(in > 0 ? in : 1) +
                     "\n#define reshape_coordinates(P, o, i) do { int n = " +
                     (out > 0 ? std::string("o.d[0]") : std::string("0")) + ";";
  for (size_t k = 1; k < out; ++k)
    text += " n = n * P.y" + std::to_string(k) + " + o.d[" + std::to_string(k) + "];";
  for (size_t k = in; k-- > 1;) {
    const std::string n = std::to_string(k);
    text +=
        " { const int q = divide(n, P.z" + n + "); i[" + n + "] = n - q * P.z" + n + ".d; n = q; }";
  }
  return text + " i[0] = n; } while (0)\n";
}

void params(const Problem& p, ParamList& list) {
  for (size_t k = 1; k < p.outputs[0].dims.size(); ++k)
    list.add("y" + std::to_string(k), p.outputs[0].dims[k].value());
  for (size_t k = 1; k < p.inputs[0].dims.size(); ++k)
    list.add_divisor("z" + std::to_string(k), p.inputs[0].dims[k].value());
}

}  // namespace

std::unique_ptr<Row> cuda_reshape() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/reshape.cu";
  anchor.params = params;
  anchor.defines = defines;
  anchor.vector = false;
  return std::make_unique<ElementwiseRow>(
      "cuda.reshape",
      std::vector<std::string>{"Reshape(x)", "Flatten(x)", "Squeeze(x)", "Unsqueeze(x)"}, anchor);
}

}  // namespace tenfold::cuda
