// Pointwise groups that are a chain from one full tensor: the first step is the primitive (an
// eltwise or a binary), the others its post-ops.
#include <algorithm>

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

// A binary primitive takes its operands in this order only.
bool may_begin(const ChainStep& step) {
  return step.input < 0 || !step.swapped || (step.op != ExprOp::kSub && step.op != ExprOp::kDiv);
}

// The input of the output's extents over which the expression is a chain; -1: none. A constant only
// where there is no other: at some sizes it may have these extents by chance.
int chain_input(const Problem& p) {
  for (const bool constant : {false, true})
    for (int k : p.expr.loads()) {
      const Operand& o = p.inputs[static_cast<size_t>(k)];
      if (o.constant != constant || !(o.dims == p.outputs[0].dims)) continue;
      const auto chain = chain_from(p.expr, k);
      if (chain && !chain->empty() && may_begin(chain->front())) return k;
    }
  return -1;
}

// Whether an input of other extents than the output's may have the same at some sizes.
bool may_coincide(const Problem& p) {
  const Shape& y = p.outputs[0].dims;
  return std::any_of(p.inputs.begin(), p.inputs.end(), [&](const Operand& o) {
    if (o.constant || o.dims == y || o.dims.size() != y.size()) return false;
    for (size_t k = 0; k < y.size(); ++k)
      if (o.dims[k].is_const() && y[k].is_const() && !(o.dims[k] == y[k])) return false;
    return true;
  });
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

// Pictures of one pixel as the matrices that they are: over them oneDNN (3.2) gives a post-op's
// channels to the wrong results of a binary primitive.
Problem as_matrix(const Problem& bound) {
  const Extents y = const_extents(bound.outputs[0].dims);
  if (y.size() < 3 || std::any_of(y.begin() + 2, y.end(), [](int64_t n) { return n != 1; }))
    return bound;
  Problem matrix = bound;
  for (auto* operands : {&matrix.inputs, &matrix.outputs})
    for (Operand& o : *operands) {
      const Layout& layout = o.format.layout;
      if (layout.kind == Layout::Kind::kBlocked || layout.pad > 1) return bound;
      o.format.layout = Layout::linear();
      o.dims.resize(o.dims.size() - std::min(o.dims.size(), y.size() - 2));
    }
  return matrix;
}

class PointwiseRow : public OnednnRow {
 public:
  PointwiseRow() : OnednnRow("onednn.eltwise", {"Pointwise(...)"}, 0.05) {}
  // oneDNN's element-wise primitives may write over their (first) source.
  int in_place(const Problem& p) const override {
    const int k = p.outputs.size() == 1 && !may_coincide(p) ? chain_input(p) : -1;
    if (k < 0) return -1;
    const Operand& o = p.inputs[static_cast<size_t>(k)];
    return !o.constant && o.format == p.outputs[0].format ? k : -1;
  }

 protected:
  Description describe(const Problem& bound, const dnnl::memory::desc*) const override {
    if (bound.outputs.size() != 1) refuse("several outputs");
    const Problem p = as_matrix(bound);
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
      dnnl::eltwise_forward::primitive_desc pd(engine(), dnnl::prop_kind::forward_inference,
                                               f.algorithm, src, dst, f.alpha, f.beta, attr_of(e));
      skip_faults(pd, p);
      Description d{pd, e.binds, {}, -1};
      d.binds.push_back({DNNL_ARG_SRC, Bind::Where::kInput, input, src});
      d.binds.push_back({DNNL_ARG_DST, Bind::Where::kOutput, 0, dst});
      return d;
    }
    const dnnl::memory::desc other =
        desc_of(p.inputs[static_cast<size_t>(first.input)], p.outputs[0].dims.size());
    dnnl::binary::primitive_desc pd(engine(), binary_of(first.op), src, other, dst, attr_of(e));
    skip_faults(pd, p);
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
