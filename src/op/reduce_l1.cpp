#include "src/op/common.h"

namespace tenfold::ops {

Op op_ReduceL1() {
  return reduction("ReduceL1",
                   "Sum of absolute values over `axes` (all when absent). `keepdims` (default 1) "
                   "leaves reduced axes as 1.");
}

}  // namespace tenfold::ops
