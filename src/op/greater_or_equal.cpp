#include "src/op/common.h"

namespace tenfold::ops {

Op op_GreaterOrEqual() {
  return comparison("GreaterOrEqual", ExprOp::kGreaterEqual,
                    "y = a >= b. A boolean, broadcast numpy-style.");
}

}  // namespace tenfold::ops
