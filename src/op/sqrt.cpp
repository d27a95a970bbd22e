#include "src/op/common.h"

namespace tenfold::ops {

Op op_Sqrt() { return unary("Sqrt", ExprOp::kSqrt, "y = the square root of x."); }

}  // namespace tenfold::ops
