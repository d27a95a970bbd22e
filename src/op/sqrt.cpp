#include "src/op/common.h"

namespace tenfold::ops {

OpDef op_Sqrt() { return unary("Sqrt", ExprOp::kSqrt, "y = the square root of x."); }

}  // namespace tenfold::ops
