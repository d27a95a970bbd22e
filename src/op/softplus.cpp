#include "src/op/common.h"

namespace tenfold::ops {

OpDef op_Softplus() { return unary("Softplus", ExprOp::kSoftplus, "y = ln(1 + exp(x))."); }

}  // namespace tenfold::ops
