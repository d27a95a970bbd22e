#include "src/op/common.h"

namespace tenfold::ops {

Op op_Softplus() { return unary("Softplus", ExprOp::kSoftplus, "y = ln(1 + exp(x))."); }

}  // namespace tenfold::ops
