#include "src/op/common.h"

namespace tenfold::ops {

Op op_Softmax() { return along_axis("Softmax", "y = exp(x) / sum(exp(x))"); }

}  // namespace tenfold::ops
