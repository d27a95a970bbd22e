#include "src/op/common.h"

namespace tenfold::ops {

namespace {

DType target(const Attrs& attrs) { return parse_dtype(attrs.s("to", "i8")); }

std::vector<Type> infer(const InferContext& c) {
  const Type& x = c.inputs[0];
  need_scales(c);
  const DType to = target(c.attrs);
  if (!is_integer(to) && bits_of(to) != 8) fail("attribute 'to' names no quantized type");
  return {tensor(to, x.shape)};
}

int expr(Expr& e, const Attrs& attrs, const std::vector<int>& regs) {
  const DType to = target(attrs);
  const double zero = static_cast<double>(attrs.i("zero_point", 0));
  if (regs.size() < 2) {
    ExprInst inst{ExprOp::kQuantize, to, static_cast<int16_t>(regs[0])};
    inst.imm = attrs.f("scale", 1);
    inst.imm2 = zero;
    return e.push(inst);
  }
  const int rounded = e.unary(ExprOp::kRound, e.binary(ExprOp::kDiv, regs[0], regs[1]));
  return e.cast(e.binary(ExprOp::kAdd, rounded, regs.size() > 2 ? regs[2] : e.constant(zero)), to);
}

}  // namespace

Op op_QuantizeLinear() {
  Op def;
  def.name = "QuantizeLinear";
  def.doc =
      "y = round(x / scale) + zero_point, saturated to `to` (i8). The scale is an attribute or an "
      "input, the "
      "zero point too; inputs broadcast to x numpy-style (importers reshape those per axis).";
  def.inputs = {{"x"}, {"scale", true}, {"zero_point", true}};
  def.outputs = {{"y"}};
  def.attrs = {{"scale", "f"}, {"zero_point", "i"}, {"to", "s"}};
  def.infer = infer;
  def.expr = expr;
  return def;
}

}  // namespace tenfold::ops
