#include "src/op/common.h"

namespace tenfold::ops {

Op op_Log() { return unary("Log", ExprOp::kLog, "y = ln(x)."); }

}  // namespace tenfold::ops
