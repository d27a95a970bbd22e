#include "src/op/common.h"

namespace tenfold::ops {

Op op_Abs() { return unary("Abs", ExprOp::kAbs, "y = |x|."); }

}  // namespace tenfold::ops
