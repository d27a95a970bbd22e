#include "src/op/common.h"

namespace tenfold::ops {

Op op_Not() {
  Op def = unary("Not", ExprOp::kNot, "y = not x, of booleans.");
  def.infer = [](const InferContext& c) {
    if (c.inputs[0].dtype != DType::kBool) fail("takes booleans");
    return same_type(c);
  };
  return def;
}

}  // namespace tenfold::ops
