#include "src/op/common.h"

namespace tenfold::ops {

Op op_Sigmoid() { return unary("Sigmoid", ExprOp::kSigmoid, "y = 1 / (1 + exp(-x))."); }

}  // namespace tenfold::ops
