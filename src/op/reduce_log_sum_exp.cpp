#include "src/op/common.h"

namespace tenfold::ops {

Op op_ReduceLogSumExp() {
  return reduction("ReduceLogSumExp",
                   "Logarithm of the sum of exponentials over `axes` (all when absent). `keepdims` "
                   "(default 1) leaves reduced axes as 1.");
}

}  // namespace tenfold::ops
