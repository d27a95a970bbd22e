#include "src/op/common.h"

namespace tenfold::ops {

Op op_GlobalMaxPool() {
  Op def;
  def.name = "GlobalMaxPool";
  def.doc = "The largest value over all spatial axes, which stay as 1.";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.infer = infer_global_pool;
  return def;
}

}  // namespace tenfold::ops
