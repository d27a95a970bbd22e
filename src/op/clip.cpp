#include "src/op/common.h"

namespace tenfold::ops {

Op op_Clip() {
  Op def = unary("Clip", ExprOp::kClip,
                 "y = min(max(x, min), max). A bound that is not given does not bound.");
  def.attrs = {{"min", "f"}, {"max", "f"}};
  def.expr = [](Expr& e, const Attrs& attrs, const std::vector<int>& regs) {
    if (attrs.has("min") && attrs.has("max"))
      return e.unary(ExprOp::kClip, regs[0], attrs.f("min", 0), attrs.f("max", 0));
    if (attrs.has("min")) return e.binary(ExprOp::kMax, regs[0], e.constant(attrs.f("min", 0)));
    if (attrs.has("max")) return e.binary(ExprOp::kMin, regs[0], e.constant(attrs.f("max", 0)));
    return regs[0];
  };
  return def;
}

}  // namespace tenfold::ops
