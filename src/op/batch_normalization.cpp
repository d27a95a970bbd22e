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
    need_per_channel(c);
    return same_type(c);
  };
  def.complete = [](Attrs attrs, const std::vector<Shape>&) {
    set_default(attrs, "epsilon", 1e-5);
    return attrs;
  };
  return def;
}

}  // namespace tenfold::ops
