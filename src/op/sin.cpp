#include "src/op/common.h"

namespace tenfold::ops {

Op op_Sin() { return unary("Sin", ExprOp::kSin, "y = sin(x), x in radians."); }

}  // namespace tenfold::ops
