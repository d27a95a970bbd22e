// cuda.gemm_naive: Gemm and MatMul of any shape, one output element a thread.
#include <algorithm>

#include "backends/cuda/gen/elementwise.h"
#include "backends/cuda/gen/operand_code.h"

namespace tenfold::cuda {
namespace {

bool turned(const Problem& p, const char* name) {
  return p.op == "Gemm" && p.attrs.i(name, 0) != 0;
}

// Which axis of operand 0 or 1 is contracted; the other of the last two is its row or column.
size_t depth_axis(const Problem& p, int k) {
  const size_t rank = p.inputs[static_cast<size_t>(k)].dims.size();
  if (rank == 1) return 0;
  const bool last = k == 0 ? !turned(p, "transA") : turned(p, "transB");
  return last ? rank - 1 : rank - 2;
}

std::string str(size_t n) { return std::to_string(n); }

// "#define place_a(o, i) ..." for operand k: leading axes broadcast from the right.
std::string place(const Problem& p, int k, const std::string& name) {
  const Shape& dims = p.inputs[static_cast<size_t>(k)].dims;
  const size_t rank = dims.size(), y = p.outputs[0].dims.size();
  const size_t ends =
      (p.inputs[0].dims.size() > 1 ? 1u : 0u) + (p.inputs[1].dims.size() > 1 ? 1u : 0u);
  const size_t lead = y - ends, own = rank > 2 ? rank - 2 : 0;
  std::string text = "#define " + name + "(o, i) do {";
  for (size_t d = 0; d < own; ++d)
    text += " i[" + str(d) + "] = " + (is_one(dims[d]) ? "0" : "o.d[" + str(lead - own + d) + "]") +
            ";";
  if (rank > 1) {
    const size_t other = 2 * rank - 3 - depth_axis(p, k);
    text += " i[" + str(other) + "] = o.d[" + str(k == 0 ? lead : y - 1) + "];";
  }
  return text + " } while (0)\n";
}

std::string place_addend(const Problem& p) {
  const Shape& dims = p.inputs[2].dims;
  const size_t y = p.outputs[0].dims.size();
  std::string text = "#define place_c(o, i) do { i[0] = 0;";
  for (size_t d = 0; d < dims.size(); ++d)
    text += " i[" + str(d) +
            "] = " + (is_one(dims[d]) ? "0" : "o.d[" + str(y - dims.size() + d) + "]") + ";";
  return text + " } while (0)\n";
}

std::string defines(const Problem& p) {
  const auto define = [](const char* name, size_t value) {
    return std::string("#define ") + name + " " + std::to_string(value) + "\n";
  };
  const bool addend = p.anchor_inputs > 2;
  std::string text = define("RANK_A", p.inputs[0].dims.size()) +
                     define("RANK_B", p.inputs[1].dims.size()) +
                     define("DEPTH_A", depth_axis(p, 0)) + define("DEPTH_B", depth_axis(p, 1)) +
                     define("ADDEND", addend) + place(p, 0, "place_a") + place(p, 1, "place_b");
  if (addend)
    text += define("RANK_C", std::max<size_t>(p.inputs[2].dims.size(), 1)) + place_addend(p);
  return text;
}

void params(const Problem& p, ParamList& list) {
  list.add("depth", p.inputs[0].dims[depth_axis(p, 0)].value());
  const bool gemm = p.op == "Gemm";
  list.add_float("alpha", gemm ? p.attrs.f("alpha", 1) : 1);
  list.add_float("beta", gemm ? p.attrs.f("beta", 1) : 1);
}

class GemmNaive final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;

 protected:
  Verdict accepts(const Problem& p) const override {
    if (p.anchor_inputs < 2 || p.anchor_inputs > 3)
      return Verdict::no("it takes two or three matrices");
    const size_t a = p.inputs[0].dims.size(), b = p.inputs[1].dims.size(),
                 y = p.outputs[0].dims.size();
    const size_t ends = (a > 1 ? 1u : 0u) + (b > 1 ? 1u : 0u);
    if (a < 1 || b < 1 || y < ends || (p.op == "Gemm" && (a != 2 || b != 2)))
      return Verdict::no("operands are no matrices");
    if (std::max(a, b) > 2 && std::max(a, b) - 2 > y - ends)
      return Verdict::no("leading axes do not fit");
    if (p.anchor_inputs == 3 && p.inputs[2].dims.size() > y)
      return Verdict::no("an addend of a higher rank");
    return {};
  }
  double efficiency(const Problem&) const override { return 0.01; }
  // Two dependent loads a product.
  double serial_us(const Problem& p) const override {
    return 0.03 * static_cast<double>(p.inputs[0].dims[depth_axis(p, 0)].eval(p.tuning()));
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
