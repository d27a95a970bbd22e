#include "src/op/common.h"

namespace tenfold::ops {

Op op_Sum() {
  return variadic(
      "Sum", ExprOp::kAdd,
      "y = the sum of all inputs, element by element, broadcast numpy-style. One input or more.");
}

}  // namespace tenfold::ops
