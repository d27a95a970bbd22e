#include "src/op/common.h"

namespace tenfold::ops {

Op op_Tanh() { return unary("Tanh", ExprOp::kTanh, "y = tanh(x)."); }

}  // namespace tenfold::ops
