#include "src/op/common.h"

namespace tenfold::ops {

Op op_Erf() { return unary("Erf", ExprOp::kErf, "y = the error function of x."); }

}  // namespace tenfold::ops
