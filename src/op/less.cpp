#include "src/op/common.h"

namespace tenfold::ops {

Op op_Less() {
  return comparison("Less", ExprOp::kLess, "y = a < b. A boolean, broadcast numpy-style.");
}

}  // namespace tenfold::ops
