#include "src/op/common.h"

namespace tenfold::ops {

OpDef op_And() {
  return logical("And", ExprOp::kAnd, "y = a and b, of booleans broadcast numpy-style.");
}

}  // namespace tenfold::ops
