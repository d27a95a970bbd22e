#include "src/op/common.h"

namespace tenfold::ops {

OpDef op_Log() { return unary("Log", ExprOp::kLog, "y = ln(x)."); }

}  // namespace tenfold::ops
