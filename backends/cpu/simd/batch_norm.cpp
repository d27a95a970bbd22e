// BatchNormalization that no pass could fold, as a pointwise group: its parameters are broadcast
// along the channels, and the Expr goes on from there.
#include "backends/cpu/simd/pointwise_work.h"

namespace tenfold::cpu {
namespace {

// The same Problem with the anchor written out.
Problem as_pointwise(const Problem& p) {
  Problem q = p;
  q.op = "Pointwise";
  q.anchor_inputs = 0;
  Shape per_channel(p.outputs[0].dims.size() - 1, Dim(1));
  per_channel[0] = p.outputs[0].dims[1];
  for (size_t k = 1; k < 5; ++k) {
    q.inputs[k].dims = per_channel;
    q.inputs[k].format.layout = Layout::linear();
  }
  Expr e;
  const int deviation = e.unary(
      ExprOp::kSqrt, e.binary(ExprOp::kAdd, e.load(4), e.constant(p.attrs.f("epsilon", 1e-5))));
  const int scale = e.binary(ExprOp::kDiv, e.load(1), deviation);
  const int centred = e.binary(ExprOp::kSub, e.load(0), e.load(3));
  const int anchor = e.binary(ExprOp::kAdd, e.binary(ExprOp::kMul, centred, scale), e.load(2));
  if (p.expr.empty()) e.store(0, anchor);
  std::vector<int16_t> at;  // of each register of the Expr
  for (ExprInst inst : p.expr.code) {
    if (inst.op == ExprOp::kAcc) {
      at.push_back(static_cast<int16_t>(anchor));
      continue;
    }
    for (int16_t* r : {&inst.a, &inst.b, &inst.c})
      if (*r >= 0) *r = at[static_cast<size_t>(*r)];
    at.push_back(static_cast<int16_t>(e.push(inst)));
  }
  q.expr = std::move(e);
  return q;
}

class BatchNormRow : public HostRow {
 public:
  BatchNormRow()
      : HostRow("cpu.batch_norm", {"BatchNormalization(x, scale, b, mean, var)"}, 0.03) {}

 protected:
  Verdict check(const Problem& p) const override {
    if (p.inputs.size() < 5 || p.anchor_inputs != 5 || p.outputs[0].dims.size() < 2)
      return Verdict::no("takes five operands");
    for (size_t k = 1; k < 5; ++k)
      if (p.inputs[k].dims.size() != 1 || p.inputs[k].format.dtype != DType::kF32 ||
          (p.closed && p.inputs[k].format.enclosing > 0))
        return Verdict::no("a parameter is no list of f32");
    return check_pointwise(as_pointwise(p));
  }
  std::unique_ptr<HostWork> make(const Problem& p, int threads) const override {
    return make_pointwise(as_pointwise(p), threads);
  }
};

}  // namespace

std::unique_ptr<Row> cpu_batch_norm() { return std::make_unique<BatchNormRow>(); }

}  // namespace tenfold::cpu
