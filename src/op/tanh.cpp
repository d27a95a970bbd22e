#include "src/op/common.h"

namespace tenfold::ops {

OpDef op_Tanh() { return unary("Tanh", ExprOp::kTanh, "y = tanh(x)."); }

}  // namespace tenfold::ops
