#include "src/op/common.h"

namespace tenfold::ops {

Op op_Mul() { return binary("Mul", ExprOp::kMul, "y = a * b, broadcast numpy-style."); }

}  // namespace tenfold::ops
