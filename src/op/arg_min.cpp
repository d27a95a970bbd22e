#include "src/op/common.h"

namespace tenfold::ops {

Op op_ArgMin() { return arg_extreme("ArgMin", "Index (i64) of the smallest value"); }

}  // namespace tenfold::ops
