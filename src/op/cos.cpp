#include "src/op/common.h"

namespace tenfold::ops {

Op op_Cos() { return unary("Cos", ExprOp::kCos, "y = cos(x), x in radians."); }

}  // namespace tenfold::ops
