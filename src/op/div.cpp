#include "src/op/common.h"

namespace tenfold::ops {

Op op_Div() {
  return binary("Div", ExprOp::kDiv, "y = a / b, broadcast numpy-style; of integers toward zero.");
}

}  // namespace tenfold::ops
