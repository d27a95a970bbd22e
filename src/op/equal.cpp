#include "src/op/common.h"

namespace tenfold::ops {

Op op_Equal() {
  return comparison("Equal", ExprOp::kEqual, "y = a == b. A boolean, broadcast numpy-style.");
}

}  // namespace tenfold::ops
