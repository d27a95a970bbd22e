#include "src/op/common.h"

namespace tenfold::ops {

Op op_ReduceSum() {
  return reduction(
      "ReduceSum",
      "Sum over `axes` (all when absent). `keepdims` (default 1) leaves reduced axes as 1.");
}

}  // namespace tenfold::ops
