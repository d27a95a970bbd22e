#include "src/op/common.h"

namespace tenfold::ops {

Op op_Or() { return logical("Or", ExprOp::kOr, "y = a or b, of booleans broadcast numpy-style."); }

}  // namespace tenfold::ops
