#include "src/op/common.h"

namespace tenfold::ops {

Op op_GlobalAveragePool() {
  Op def;
  def.name = "GlobalAveragePool";
  def.doc = "The mean over all spatial axes, which stay as 1.";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.infer = infer_global_pool;
  return def;
}

}  // namespace tenfold::ops
