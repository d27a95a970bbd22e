#include "src/op/common.h"

namespace tenfold::ops {

Op op_IsNaN() {
  Op def = unary("IsNaN", ExprOp::kIsNaN, "y = whether x is not a number.");
  def.infer = [](const InferContext& c) {
    std::vector<Type> types = same_type(c);
    types[0].dtype = DType::kBool;
    return types;
  };
  return def;
}

}  // namespace tenfold::ops
