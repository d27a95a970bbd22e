#include "src/op/common.h"

namespace tenfold::ops {

Op op_Pow() { return binary("Pow", ExprOp::kPow, "y = a to the power b, broadcast numpy-style."); }

}  // namespace tenfold::ops
