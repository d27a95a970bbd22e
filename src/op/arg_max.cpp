#include "src/op/common.h"

namespace tenfold::ops {

Op op_ArgMax() { return arg_extreme("ArgMax", "Index (i64) of the largest value"); }

}  // namespace tenfold::ops
