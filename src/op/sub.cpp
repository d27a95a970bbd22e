#include "src/op/common.h"

namespace tenfold::ops {

Op op_Sub() { return binary("Sub", ExprOp::kSub, "y = a - b, broadcast numpy-style."); }

}  // namespace tenfold::ops
