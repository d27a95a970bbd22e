#include "src/op/common.h"

namespace tenfold::ops {

Op op_Max() {
  return variadic("Max", ExprOp::kMax,
                  "y = the largest of all inputs, element by element, broadcast numpy-style. One "
                  "input or more.");
}

}  // namespace tenfold::ops
