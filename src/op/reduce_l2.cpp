#include "src/op/common.h"

namespace tenfold::ops {

Op op_ReduceL2() {
  return reduction("ReduceL2",
                   "Square root of the sum of squares over `axes` (all when absent). `keepdims` "
                   "(default 1) leaves reduced axes as 1.");
}

}  // namespace tenfold::ops
