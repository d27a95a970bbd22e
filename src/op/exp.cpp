#include "src/op/common.h"

namespace tenfold::ops {

Op op_Exp() { return unary("Exp", ExprOp::kExp, "y = exp(x)."); }

}  // namespace tenfold::ops
