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
    for (size_t k = 1; k < 3; ++k) {
      need_rank(c.inputs[k], "a per-channel input", 1, 1);
      need_same_dtype(c.inputs[0], c.inputs[k], "a per-channel input");
      need_dim(c.inputs[k].shape[0], c.inputs[0].shape[1], "a per-channel input's length");
    }
    return same_type(c);
  };
  return def;
}

}  // namespace tenfold::ops
