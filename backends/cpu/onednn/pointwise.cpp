// Pointwise groups that are a chain from one full tensor: the first step is the primitive (an
// eltwise or a binary), the others its post-ops.
#include "backends/cpu/onednn/epilogue.h"

namespace tenfold::cpu {
namespace {

using namespace onednn;

// The chain over the load of `input`, as if that were the result of an anchor.
std::optional<std::vector<ChainStep>> chain_from(const Expr& expr, int input) {
  Expr turned = expr;
  for (ExprInst& inst : turned.code)
    if (inst.op == ExprOp::kLoad && inst.slot == input) inst = ExprInst{ExprOp::kAcc, inst.type};
  return as_chain(turned);
}

// The input of the output's extents over which the expression is a chain; -1: none.
int chain_input(const Problem& p) {
  for (int k : p.expr.loads()) {
    if (!(p.inputs[static_cast<size_t>(k)].dims == p.outputs[0].dims)) continue;
    const auto chain = chain_from(p.expr, k);
    if (chain && !chain->empty()) return k;
  }
  return -1;
}

dnnl::algorithm binary_of(ExprOp op) {
  switch (op) {
    case ExprOp::kAdd: return dnnl::algorithm::binary_add;
    case ExprOp::kSub: return dnnl::algorithm::binary_sub;
    case ExprOp::kMul: return dnnl::algorithm::binary_mul;
    case ExprOp::kDiv: return dnnl::algorithm::binary_div;
    case ExprOp::kMax: return dnnl::algorithm::binary_max;
    case ExprOp::kMin: return dnnl::algorithm::binary_min;
    default: refuse("oneDNN has no binary primitive for " + std::string(to_string(op)));
  }
}

class PointwiseRow : public OnednnRow {
 public:
  PointwiseRow() : OnednnRow("onednn.eltwise", {"Pointwise(...)"}, 0.05) {}
  // oneDNN's element-wise primitives may write over their (first) source.
  int in_place(const Problem& p) const override {
    const int k = p.outputs.size() == 1 ? chain_input(p) : -1;
    if (k < 0) return -1;
    const Operand& o = p.inputs[static_cast<size_t>(k)];
    return !o.constant && o.format == p.outputs[0].format ? k : -1;
  }

 protected:
  Description describe(const Problem& p, const dnnl::memory::desc*) const override {
    if (p.outputs.size() != 1) refuse("several outputs");
    const int k = chain_input(p);
    if (k < 0) refuse("the expression is no chain over one tensor");
    return describe_chain(p, k, *chain_from(p.expr, k));
  }

 private:
  static Description describe_chain(const Problem& p, int input,
                                    const std::vector<ChainStep>& chain) {
    const dnnl::memory::desc src = desc_of(p.inputs[static_cast<size_t>(input)]),
                             dst = desc_of(p.outputs[0]);
    const ChainStep& first = chain.front();
    const Epilogue e = map_steps(p, {chain.begin() + 1, chain.end()});
    if (first.input < 0) {
      const Eltwise f = eltwise_of(first);
      const dnnl::eltwise_forward::primitive_desc pd(engine(), dnnl::prop_kind::forward_inference,
                                                     f.algorithm, src, dst, f.alpha, f.beta,
                                                     attr_of(e));
      Description d{pd, e.binds, {}, -1};
      d.binds.push_back({DNNL_ARG_SRC, Bind::Where::kInput, input, src});
      d.binds.push_back({DNNL_ARG_DST, Bind::Where::kOutput, 0, dst});
      return d;
    }
    if (first.swapped && (first.op == ExprOp::kSub || first.op == ExprOp::kDiv))
      refuse("operands in reverse order");
    const dnnl::memory::desc other =
        desc_of(p.inputs[static_cast<size_t>(first.input)], p.outputs[0].dims.size());
    const dnnl::binary::primitive_desc pd(engine(), binary_of(first.op), src, other, dst,
                                          attr_of(e));
    Description d{pd, e.binds, {}, -1};
    d.binds.push_back({DNNL_ARG_SRC_0, Bind::Where::kInput, input, src});
    d.binds.push_back({DNNL_ARG_SRC_1, Bind::Where::kInput, first.input, other});
    d.binds.push_back({DNNL_ARG_DST, Bind::Where::kOutput, 0, dst});
    return d;
  }
};

}  // namespace

std::unique_ptr<Row> onednn_eltwise() { return std::make_unique<PointwiseRow>(); }

}  // namespace tenfold::cpu
