#include "src/op/common.h"

namespace tenfold::ops {

Op op_Reciprocal() { return unary("Reciprocal", ExprOp::kReciprocal, "y = 1 / x."); }

}  // namespace tenfold::ops
