// cuda.gemm_naive: Gemm and MatMul of any shape, one output element a thread.
#include "backends/cuda/gen/elementwise.h"

namespace tenfold::cuda {
namespace {

bool turned(const Problem& p, const char* name) { return p.attrs.i(name, 0) != 0; }

std::string defines(const Problem& p) {
  const bool gemm = p.op == "Gemm";
  const size_t a = p.inputs[0].dims.size(), b = p.inputs[1].dims.size();
  const auto define = [](const char* name, int64_t value) {
    return std::string("#define ") + name + " " + std::to_string(value) + "\n";
  };
  return define("RANK_A", static_cast<int64_t>(a)) + define("RANK_B", static_cast<int64_t>(b)) +
         define("LEAD_A", static_cast<int64_t>(a) - 2) +
         define("LEAD_B", static_cast<int64_t>(b) - 2) +
         define("TRANS_A", gemm && turned(p, "transA")) +
         define("TRANS_B", gemm && turned(p, "transB"));
}

void params(const Problem& p, ParamList& list) {
  const Shape& a = p.inputs[0].dims;
  list.add("depth", a[a.size() - (p.op == "Gemm" && turned(p, "transA") ? 2 : 1)].value());
}

class GemmNaive final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;

 protected:
  Verdict accepts(const Problem& p) const override {
    if (p.anchor_inputs != 2) return Verdict::no("it takes two matrices");
    const size_t a = p.inputs[0].dims.size(), b = p.inputs[1].dims.size(),
                 y = p.outputs[0].dims.size();
    if (a < 2 || b < 2 || y < 2 || a > y || b > y) return Verdict::no("operands are not matrices");
    for (int k = 0; k < 2; ++k) {
      const Shape& dims = p.inputs[static_cast<size_t>(k)].dims;
      for (size_t d = 0; d + 2 < dims.size(); ++d)
        if (!(dims[d] == p.outputs[0].dims[d + y - dims.size()]))
          return Verdict::no("leading axes that broadcast within a rank");
    }
    return {};
  }
  double efficiency(const Problem&) const override { return 0.01; }
  // Two dependent loads a product.
  double serial_us(const Problem& p) const override {
    const Shape& a = p.inputs[0].dims;
    const Dim& depth = a[a.size() - (p.op == "Gemm" && turned(p, "transA") ? 2 : 1)];
    return 0.03 * static_cast<double>(depth.eval(p.tuning()));
  }
};

}  // namespace

std::unique_ptr<Row> cuda_gemm_naive() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/gemm_naive.cu";
  anchor.params = params;
  anchor.defines = defines;
  anchor.vector = false;
  return std::make_unique<GemmNaive>(
      "cuda.gemm_naive", std::vector<std::string>{"Gemm(a, b)", "Gemm(a, b, c)", "MatMul(a, b)"},
      anchor);
}

}  // namespace tenfold::cuda
