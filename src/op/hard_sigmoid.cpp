#include "src/op/common.h"

namespace tenfold::ops {

Op op_HardSigmoid() {
  Op def = unary("HardSigmoid", ExprOp::kClip,
                 "y = min(max(alpha * x + beta, 0), 1). alpha is 0.2 and beta 0.5 unless given.");
  def.attrs = {{"alpha", "f"}, {"beta", "f"}};
  def.expr = [](Expr& e, const Attrs& attrs, const std::vector<int>& regs) {
    const int scaled = e.binary(ExprOp::kMul, regs[0], e.constant(attrs.f("alpha", 0.2)));
    const int shifted = e.binary(ExprOp::kAdd, scaled, e.constant(attrs.f("beta", 0.5)));
    return e.unary(ExprOp::kClip, shifted, 0, 1);
  };
  return def;
}

}  // namespace tenfold::ops
