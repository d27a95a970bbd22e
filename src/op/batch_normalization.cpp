#include "src/op/common.h"

namespace tenfold::ops {

Op op_BatchNormalization() {
  Op def;
  def.name = "BatchNormalization";
  def.doc =
      "y = scale * (x - mean) / sqrt(var + epsilon) + b per channel (axis 1). epsilon is 1e-5 "
      "unless given.";
  def.inputs = {{"x"}, {"scale"}, {"b"}, {"mean"}, {"var"}};
  def.outputs = {{"y"}};
  def.attrs = {{"epsilon", "f"}};
  def.infer = [](const InferContext& c) {
    need_rank(c.inputs[0], "the input", 2, SIZE_MAX);
    for (size_t k = 1; k < 5; ++k) {
      need_rank(c.inputs[k], "a per-channel input", 1, 1);
      need_same_dtype(c.inputs[0], c.inputs[k], "a per-channel input");
      need_dim(c.inputs[k].shape[0], c.inputs[0].shape[1], "a per-channel input's length");
    }
    return same_type(c);
  };
  return def;
}

}  // namespace tenfold::ops
