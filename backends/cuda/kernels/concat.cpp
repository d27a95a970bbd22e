// cuda.concat: joins its inputs along an axis, with any Expr.
#include "backends/cuda/gen/elementwise.h"
#include "backends/cuda/gen/window.h"

namespace tenfold::cuda {
namespace {

std::vector<int> lane_axes(const Problem& p, int lane) {
  return std::vector<int>(static_cast<size_t>(p.anchor_inputs), lane);
}

// The piece that holds an element, as a chain of cases; whole vectors where no piece ends inside
// one.
std::string defines(const Problem& p) {
  const int axis = axis_of(p.attrs.i("axis", 0), p.outputs[0].dims.size());
  const std::string a = std::to_string(axis);
  std::string whole = "#define WHOLE (" + a + " != LANE_AXIS || (1",
              vector = "#define load_piece(A, P, o, i, y) do {",
              single = "#define piece_element(A, P, i) (";
  for (int k = 0; k < p.anchor_inputs; ++k) {
    const std::string n = std::to_string(k);
    const Dim& extent = p.inputs[static_cast<size_t>(k)].dims[static_cast<size_t>(axis)];
    whole += " && " + (extent.is_const() ? std::to_string(extent.value()) : std::string("1")) +
             " % V == 0";
    const std::string test = "i[" + a + "] < P.end" + n;
    const std::string shift = k == 0 ? "" : "i[" + a + "] -= P.end" + std::to_string(k - 1) + "; ";
    const bool last = k + 1 == p.anchor_inputs;
    vector += (k ? " else" : "") + (last ? std::string() : " if (" + test + ")") + " { " + shift +
              "load_in" + n + "(A, P, o, i, y); }";
    const std::string read =
        k == 0 ? "elem_in0(A, P, i)"
               : "(i[" + a + "] -= P.end" + std::to_string(k - 1) + ", elem_in" + n + "(A, P, i))";
    single += last ? read : test + " ? " + read + " : ";
  }
  return "#define AXIS " + a + "\n" + whole + "))\n" + vector + " } while (0)\n" + single + ")\n";
}

void params(const Problem& p, ParamList& list) {
  const auto axis = static_cast<size_t>(axis_of(p.attrs.i("axis", 0), p.outputs[0].dims.size()));
  int64_t end = 0;
  for (int k = 0; k < p.anchor_inputs; ++k) {
    end += p.inputs[static_cast<size_t>(k)].dims[axis].value();
    list.add("end" + std::to_string(k), end);
  }
}

class Concat final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;

 protected:
  Verdict accepts(const Problem& p) const override {
    const size_t rank = p.outputs[0].dims.size();
    if (p.anchor_inputs < 1 || axis_of(p.attrs.i("axis", 0), rank) < 0)
      return Verdict::no("axis is out of range");
    for (int k = 0; k < p.anchor_inputs; ++k)
      if (p.inputs[static_cast<size_t>(k)].dims.size() != rank)
        return Verdict::no("pieces of another rank");
    return {};
  }
};

}  // namespace

std::unique_ptr<Row> cuda_concat() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/concat.cu";
  anchor.lane_axes = lane_axes;
  anchor.params = params;
  anchor.defines = defines;
  return std::make_unique<Concat>("cuda.concat", std::vector<std::string>{"Concat(...)"}, anchor);
}

}  // namespace tenfold::cuda
