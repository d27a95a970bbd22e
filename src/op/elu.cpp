#include "src/op/common.h"

namespace tenfold::ops {

Op op_Elu() {
  Op def =
      unary("Elu", ExprOp::kElu, "y = x < 0 ? alpha * (exp(x) - 1) : x. alpha is 1 unless given.");
  def.attrs = {{"alpha", "f"}};
  def.expr = [](Expr& e, const Attrs& attrs, const std::vector<int>& regs) {
    return e.unary(ExprOp::kElu, regs[0], attrs.f("alpha", 1.0));
  };
  return def;
}

}  // namespace tenfold::ops
