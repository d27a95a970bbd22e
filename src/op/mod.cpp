#include "src/op/common.h"

namespace tenfold::ops {

Op op_Mod() {
  Op def = binary("Mod", ExprOp::kMod,
                  "The remainder of a / b with the sign of b; with fmod=1 that of C's fmod.");
  def.attrs = {{"fmod", "i"}};
  def.expr = [](Expr& e, const Attrs& attrs, const std::vector<int>& regs) {
    const int floor_mod = e.binary(ExprOp::kMod, regs[0], regs[1]);
    if (attrs.i("fmod", 0) == 0) return floor_mod;
    const int size =
        e.binary(ExprOp::kMod, e.unary(ExprOp::kAbs, regs[0]), e.unary(ExprOp::kAbs, regs[1]));
    return e.binary(ExprOp::kMul, e.unary(ExprOp::kSign, regs[0]), size);
  };
  return def;
}

}  // namespace tenfold::ops
