#include "src/op/common.h"

namespace tenfold::ops {

Op op_Relu6() {
  Op def = unary("Relu6", ExprOp::kClip, "y = min(max(x, 0), 6). The canonical spelling is Clip.");
  def.expr = [](Expr& e, const Attrs&, const std::vector<int>& regs) {
    return e.unary(ExprOp::kClip, regs[0], 0, 6);
  };
  return def;
}

}  // namespace tenfold::ops
