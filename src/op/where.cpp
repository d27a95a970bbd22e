#include "src/op/common.h"

namespace tenfold::ops {

Op op_Where() {
  Op def;
  def.name = "Where";
  def.doc = "y = condition ? a : b, broadcast numpy-style.";
  def.inputs = {{"condition"}, {"a"}, {"b"}};
  def.outputs = {{"y"}};
  def.infer = [](const InferContext& c) {
    if (c.inputs[0].dtype != DType::kBool) fail("the condition must be a boolean");
    need_same_dtype(c.inputs[1], c.inputs[2], "input 'b'");
    Shape shape = broadcast(broadcast(c.inputs[0].shape, c.inputs[1].shape), c.inputs[2].shape);
    return std::vector<Type>{tensor(c.inputs[1].dtype, std::move(shape))};
  };
  def.expr = [](Expr& e, const Attrs&, const std::vector<int>& regs) {
    return e.select(regs[0], regs[1], regs[2]);
  };
  return def;
}

}  // namespace tenfold::ops
