#include "src/op/common.h"

namespace tenfold::ops {

Op op_And() {
  return logical("And", ExprOp::kAnd, "y = a and b, of booleans broadcast numpy-style.");
}

}  // namespace tenfold::ops
