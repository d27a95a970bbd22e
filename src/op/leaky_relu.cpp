#include "src/op/common.h"

namespace tenfold::ops {

Op op_LeakyRelu() {
  Op def = unary("LeakyRelu", ExprOp::kLeakyRelu,
                 "y = x < 0 ? alpha * x : x. alpha is 0.01 unless given.");
  def.attrs = {{"alpha", "f"}};
  def.expr = [](Expr& e, const Attrs& attrs, const std::vector<int>& regs) {
    return e.unary(ExprOp::kLeakyRelu, regs[0], attrs.f("alpha", 0.01));
  };
  return def;
}

}  // namespace tenfold::ops
