#include "src/op/common.h"

namespace tenfold::ops {

Op op_LogSoftmax() { return along_axis("LogSoftmax", "y = ln(softmax(x))"); }

}  // namespace tenfold::ops
