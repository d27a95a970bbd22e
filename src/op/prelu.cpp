#include "src/op/common.h"

namespace tenfold::ops {

Op op_PRelu() {
  Op def = binary("PRelu", ExprOp::kPRelu,
                  "y = x < 0 ? slope * x : x. The slope broadcasts to x numpy-style.");
  def.inputs = {{"x"}, {"slope"}};
  def.infer = [](const InferContext& c) {
    std::vector<Type> types = broadcast_all(c);
    if (!(types[0].shape == c.inputs[0].shape)) fail("the slope does not broadcast to the input");
    return types;
  };
  return def;
}

}  // namespace tenfold::ops
