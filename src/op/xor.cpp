#include "src/op/common.h"

namespace tenfold::ops {

Op op_Xor() {
  return logical("Xor", ExprOp::kXor,
                 "y = exactly one of a and b, of booleans broadcast numpy-style.");
}

}  // namespace tenfold::ops
