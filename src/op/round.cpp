#include "src/op/common.h"

namespace tenfold::ops {

Op op_Round() { return unary("Round", ExprOp::kRound, "y = the nearest integer, halves to even."); }

}  // namespace tenfold::ops
