#include "src/op/common.h"

namespace tenfold::ops {

Op op_LayerNormalization() {
  Op def;
  def.name = "LayerNormalization";
  def.doc =
      "y = scale * (x - mean) / sqrt(var + epsilon) + b, mean and variance over the axes from "
      "`axis` (-1).";
  def.inputs = {{"x"}, {"scale"}, {"b", true}};
  def.outputs = {{"y"}};
  def.attrs = {{"axis", "i"}, {"epsilon", "f"}};
  def.infer = [](const InferContext& c) {
    need_rank(c.inputs[0], "the input", 1, SIZE_MAX);
    normal_axis(c.attrs.i("axis", -1), c.inputs[0].shape.size());
    for (size_t k = 1; k < c.inputs.size(); ++k) {
      if (!present(c, k)) continue;
      need_same_dtype(c.inputs[0], c.inputs[k], "scale and bias");
      if (!(broadcast(c.inputs[0].shape, c.inputs[k].shape) == c.inputs[0].shape))
        fail("scale and bias must broadcast to the input");
    }
    return same_type(c);
  };
  return def;
}

}  // namespace tenfold::ops
