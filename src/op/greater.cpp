#include "src/op/common.h"

namespace tenfold::ops {

Op op_Greater() {
  return comparison("Greater", ExprOp::kGreater, "y = a > b. A boolean, broadcast numpy-style.");
}

}  // namespace tenfold::ops
