#include "src/op/common.h"

namespace tenfold::ops {

Op op_Relu() { return unary("Relu", ExprOp::kRelu, "y = max(x, 0); NaN stays NaN."); }

}  // namespace tenfold::ops
