// cuda.softmax: Softmax and LogSoftmax along any axis, a block a row.
#include "backends/cuda/gen/elementwise.h"
#include "backends/cuda/gen/window.h"

namespace tenfold::cuda {
namespace {

int axis(const Problem& p) { return axis_of(p.attrs.i("axis", -1), p.inputs[0].dims.size()); }

std::vector<int> row_axes(const Problem& p) { return {axis(p)}; }

std::string defines(const Problem& p) {
  return std::string("#define LOG_SOFTMAX ") + (p.op == "LogSoftmax" ? "1\n" : "0\n");
}

class Softmax final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;

 protected:
  Verdict accepts(const Problem& p) const override {
    if (axis(p) < 0) return Verdict::no("axis is out of range");
    if (p.inputs[0].dims != p.outputs[0].dims)
      return Verdict::no("input and output differ in extents");
    return {};
  }
  double efficiency(const Problem&) const override { return 0.3; }
};

}  // namespace

std::unique_ptr<Row> cuda_softmax() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/softmax.cu";
  anchor.own_element = true;
  anchor.defines = defines;
  anchor.row_axes = row_axes;
  return std::make_unique<Softmax>("cuda.softmax",
                                   std::vector<std::string>{"Softmax(x)", "LogSoftmax(x)"}, anchor);
}

}  // namespace tenfold::cuda
