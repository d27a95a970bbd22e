#include "src/op/common.h"

namespace tenfold::ops {

namespace {

std::vector<Type> infer(const InferContext& c) {
  const Type& x = c.inputs[0];
  need_scales(c);
  return {tensor(present(c, 1) ? c.inputs[1].dtype : DType::kF32, x.shape)};
}

int expr(Expr& e, const Attrs& attrs, const std::vector<int>& regs) {
  const double zero = static_cast<double>(attrs.i("zero_point", 0));
  if (regs.size() < 2) return e.unary(ExprOp::kDequantize, regs[0], attrs.f("scale", 1), zero);
  const int shifted = e.binary(ExprOp::kSub, regs[0], regs.size() > 2 ? regs[2] : e.constant(zero));
  return e.binary(ExprOp::kMul, shifted, regs[1]);
}

}  // namespace

Op op_DequantizeLinear() {
  Op def;
  def.name = "DequantizeLinear";
  def.doc =
      "y = (x - zero_point) * scale. The scale is an attribute (f32 result) or an input (its "
      "type), the zero "
      "point too; inputs broadcast to x numpy-style (importers reshape those per axis).";
  def.inputs = {{"x"}, {"scale", true}, {"zero_point", true}};
  def.outputs = {{"y"}};
  def.attrs = {{"scale", "f"}, {"zero_point", "i"}};
  def.infer = infer;
  def.expr = expr;
  return def;
}

}  // namespace tenfold::ops
