#include "src/op/common.h"

namespace tenfold::ops {

Op op_Sign() { return unary("Sign", ExprOp::kSign, "y = -1, 0 or 1 by the sign of x."); }

}  // namespace tenfold::ops
