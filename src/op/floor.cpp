#include "src/op/common.h"

namespace tenfold::ops {

Op op_Floor() {
  return unary("Floor", ExprOp::kFloor, "y = the largest integer that is not above x.");
}

}  // namespace tenfold::ops
