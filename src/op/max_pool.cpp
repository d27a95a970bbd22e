#include "src/op/common.h"

namespace tenfold::ops {

Op op_MaxPool() {
  Op def;
  def.name = "MaxPool";
  def.doc =
      "The largest value under each window; padding never wins. ceil_mode: 0 rounds the extent "
      "down, 1 up "
      "with the last window forced to start inside input or left padding, 2 up without that.";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.attrs = pool_attrs();
  def.infer = infer_pool;
  def.complete = complete_pool;
  return def;
}

}  // namespace tenfold::ops
