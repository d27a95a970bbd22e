#include "src/op/common.h"

namespace tenfold::ops {

Op op_Ceil() {
  return unary("Ceil", ExprOp::kCeil, "y = the smallest integer that is not below x.");
}

}  // namespace tenfold::ops
