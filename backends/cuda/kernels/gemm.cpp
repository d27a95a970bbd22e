// cuda.gemm: Gemm and MatMul of row-major matrices, batched too, with any Expr as epilogue.
#include <algorithm>

#include "backends/cuda/gen/contract.h"
#include "backends/cuda/gen/operand_code.h"

namespace tenfold::cuda {
namespace {

constexpr int64_t kMaxBatches = 65535;  // blockIdx.z

bool turned_b(const Problem& p) { return p.op == "Gemm" && p.attrs.i("transB", 0) != 0; }

// Leading axes of both operands become blockIdx.z; with a plain matrix as B they belong to the
// rows.
bool batched(const Problem& p) { return p.inputs[1].dims.size() > 2; }

ContractSizes gemm_sizes(const Problem& p) {
  const Extents y = const_extents(p.outputs[0].dims), a = const_extents(p.inputs[0].dims);
  ContractSizes s;
  s.filters = s.columns = y.back();
  s.depth = s.contiguous = a.back();
  s.rows = batched(p) ? y[y.size() - 2] : 1;
  for (size_t k = 0; k + 1 < y.size(); ++k) {
    if (!batched(p))
      s.rows *= y[k];
    else if (k + 2 < y.size())
      s.batches *= y[k];
  }
  return s;
}

std::string defines(const Problem& p) {
  const int rank = static_cast<int>(p.outputs[0].dims.size());
  const auto n = [](int k) { return std::to_string(k); };
  std::string text = std::string("#define CONV 0\n#define B_KN ") + (turned_b(p) ? "0" : "1") +
                     "\n#define matrix_coordinates(P, m, n, o) do { o.d[" + n(rank - 1) +
                     "] = n; int q = ";
  int axis = rank - 2;
  if (batched(p)) {
    text += "(int)blockIdx.z; o.d[" + n(axis) + "] = m;";
    --axis;
  } else {
    text += "m;";
  }
  for (; axis > 0; --axis)
    text += " { const int next = divide(q, P.x" + n(axis) + "); o.d[" + n(axis) +
            "] = q - next * P.x" + n(axis) + ".d; q = next; }";
  if (axis == 0) text += " o.d[0] = q;";
  return text + " } while (0)\n";
}

void params(const Problem& p, ParamList& list) {
  const ContractSizes s = gemm_sizes(p);
  list.add("rows", s.rows);
  list.add("columns", s.columns);
  list.add("depth", s.depth);
  list.add("filters", s.filters);
  list.add("in0_row", p.inputs[0].format.dense() ? s.depth : p.inputs[0].format.enclosing);
  list.add("in0_batch", batched(p) ? s.rows * s.depth : 0);
  list.add("in1_batch", batched(p) ? s.depth * s.filters : 0);
}

class Gemm final : public ContractRow {
 public:
  using ContractRow::ContractRow;
  std::vector<FormatTuple> formats(const Problem& p, const Target&,
                                   TypeSet permitted) const override {
    return contract_formats(p, permitted, false);
  }

 protected:
  ContractSizes sizes(const Problem& bound) const override { return gemm_sizes(bound); }
  Verdict accepts(const Problem& p) const override {
    if (p.anchor_inputs != 2) return Verdict::no("it takes two matrices");
    const Shape &a = p.inputs[0].dims, &b = p.inputs[1].dims, &y = p.outputs[0].dims;
    if (a.size() < 2 || b.size() < 2 || a.size() != y.size())
      return Verdict::no("operands are no matrices");
    if (p.op == "Gemm" && p.attrs.i("transA", 0) != 0)
      return Verdict::no("its first operand is transposed");
    if (p.op == "Gemm" && p.attrs.f("alpha", 1) != 1) return Verdict::no("alpha outside the Expr");
    if (!a.back().is_const() || !y.back().is_const())
      return Verdict::no("a depth or width of unknown size");
    if (b.size() > 2) {
      if (b.size() != a.size()) return Verdict::no("leading axes that broadcast");
      for (size_t k = 0; k + 2 < a.size(); ++k)
        if (!(a[k] == b[k]) || !(a[k] == y[k])) return Verdict::no("leading axes that broadcast");
    } else {
      for (size_t k = 0; k + 2 < a.size(); ++k)
        if (!(a[k] == y[k])) return Verdict::no("leading axes that broadcast");
    }
    if (batched(p)) {
      const SymbolValues largest = p.largest();
      int64_t batches = 1;
      for (size_t k = 0; k + 2 < y.size(); ++k)
        batches = std::min(batches * y[k].eval(largest), kMaxBatches + 1);
      if (batches > kMaxBatches) return Verdict::no("more matrices than a grid has layers");
    }
    if (!p.closed) return {};
    for (const Operand* o : {&p.inputs[0], &p.inputs[1], &p.outputs[0]})
      if (o->format.layout.kind != Layout::Kind::kLinear && o->dims.size() > 2)
        return Verdict::no("matrices that are not row-major");
    if (!p.inputs[0].format.dense() && p.inputs[0].dims.size() > 2)
      return Verdict::no("rows of a slice of more than two axes are no matrix");
    if (is_padded(p.inputs[0]) || is_padded(p.inputs[1]) || is_padded(p.outputs[0]))
      return Verdict::no("padded matrices");
    if (Verdict v = takes_types(p); !v) return v;
    return fits_grid(p);
  }
};

}  // namespace

std::unique_ptr<Row> cuda_gemm() {
  ElementwiseAnchor anchor;
  anchor.include = "gen/contract.cuh";
  anchor.params = params;
  anchor.defines = defines;
  anchor.contraction = true;
  return std::make_unique<Gemm>(
      "cuda.gemm", std::vector<std::string>{"Gemm(a, b)", "Gemm(a, b, c)", "MatMul(a, b)"}, anchor);
}

}  // namespace tenfold::cuda
