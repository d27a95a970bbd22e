#include "src/op/common.h"

namespace tenfold::ops {

Op op_LessOrEqual() {
  return comparison("LessOrEqual", ExprOp::kLessEqual,
                    "y = a <= b. A boolean, broadcast numpy-style.");
}

}  // namespace tenfold::ops
