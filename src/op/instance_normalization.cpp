#include "src/op/common.h"

namespace tenfold::ops {

Op op_InstanceNormalization() {
  Op def;
  def.name = "InstanceNormalization";
  def.doc =
      "y = scale * (x - mean) / sqrt(var + epsilon) + b with mean and variance of each channel of "
      "each item.";
  def.inputs = {{"x"}, {"scale"}, {"b"}};
  def.outputs = {{"y"}};
  def.attrs = {{"epsilon", "f"}};
  def.infer = [](const InferContext& c) {
    need_rank(c.inputs[0], "the input", 3, SIZE_MAX);
    need_per_channel(c);
    return same_type(c);
  };
  return def;
}

}  // namespace tenfold::ops
