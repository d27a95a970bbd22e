// cuda.arg_max: the first (or last) place of the largest or least element, one output element a
// thread.
#include "backends/cuda/gen/elementwise.h"
#include "backends/cuda/gen/window.h"

namespace tenfold::cuda {
namespace {

std::string defines(const Problem& p) {
  const size_t rank = p.inputs[0].dims.size();
  return "#define AXIS " + std::to_string(axis_of(p.attrs.i("axis", 0), rank)) + "\n#define KEEP " +
         (p.outputs[0].dims.size() == rank ? "1" : "0") + "\n#define LAST " +
         (p.attrs.i("select_last_index", 0) != 0 ? "1" : "0") + "\n#define LEAST " +
         (p.op == "ArgMin" ? "1" : "0") + "\n#define RANK_IN " + std::to_string(rank) + "\n";
}

void params(const Problem& p, ParamList& list) {
  const Shape& dims = p.inputs[0].dims;
  list.add("extent", dims[static_cast<size_t>(axis_of(p.attrs.i("axis", 0), dims.size()))].value());
}

class ArgMax final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;

 protected:
  Verdict accepts(const Problem& p) const override {
    const size_t rank = p.inputs[0].dims.size(), y = p.outputs[0].dims.size();
    if (axis_of(p.attrs.i("axis", 0), rank) < 0) return Verdict::no("axis is out of range");
    if (y != rank && y + 1 != rank) return Verdict::no("an output of another rank");
    return {};
  }
  double efficiency(const Problem&) const override { return 0.1; }
};

}  // namespace

std::unique_ptr<Row> cuda_arg_max() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/arg_max.cu";
  anchor.params = params;
  anchor.defines = defines;
  anchor.vector = false;
  return std::make_unique<ArgMax>("cuda.arg_max",
                                  std::vector<std::string>{"ArgMax(x)", "ArgMin(x)"}, anchor);
}

}  // namespace tenfold::cuda
