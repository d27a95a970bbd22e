#include "src/op/common.h"

namespace tenfold::ops {

Op op_Add() { return binary("Add", ExprOp::kAdd, "y = a + b, broadcast numpy-style."); }

}  // namespace tenfold::ops
