#include "src/op/common.h"

namespace tenfold::ops {

Op op_ReduceLogSum() {
  return reduction("ReduceLogSum",
                   "Logarithm of the sum over `axes` (all when absent). `keepdims` (default 1) "
                   "leaves reduced axes as 1.");
}

}  // namespace tenfold::ops
