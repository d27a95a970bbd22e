#include "src/op/common.h"

namespace tenfold::ops {

Op op_Cast() {
  Op def;
  def.name = "Cast";
  def.doc = "x rounded to element type `to` (nearest even; integers saturate).";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.attrs = {{"to", "s", true}};
  def.infer = [](const InferContext& c) {
    const std::string name = c.attrs.s("to", "");
    const DType to = parse_dtype(name);
    if (to == DType::kUndefined) fail("unknown element type '" + name + "'");
    if (to == DType::kTF32) fail("tf32 is a type of products, values cannot be stored in it");
    std::vector<Type> types = same_type(c);
    types[0].dtype = to;
    return types;
  };
  def.expr = [](Expr& e, const Attrs& attrs, const std::vector<int>& regs) {
    return e.cast(regs[0], parse_dtype(attrs.s("to", "")));
  };
  return def;
}

}  // namespace tenfold::ops
