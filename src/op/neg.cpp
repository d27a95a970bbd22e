#include "src/op/common.h"

namespace tenfold::ops {

Op op_Neg() { return unary("Neg", ExprOp::kNeg, "y = -x."); }

}  // namespace tenfold::ops
