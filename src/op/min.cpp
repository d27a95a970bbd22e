#include "src/op/common.h"

namespace tenfold::ops {

Op op_Min() {
  return variadic("Min", ExprOp::kMin,
                  "y = the smallest of all inputs, element by element, broadcast numpy-style. One "
                  "input or more.");
}

}  // namespace tenfold::ops
