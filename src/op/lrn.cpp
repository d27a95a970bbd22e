#include "src/op/common.h"

namespace tenfold::ops {

Op op_LRN() {
  Op def;
  def.name = "LRN";
  def.doc =
      "Local response normalization across channels: y = x / (bias + alpha / size * s)^beta, s the "
      "sum of "
      "squares over channels c - (size-1)/2 .. c + size/2. Defaults: alpha 1e-4, beta 0.75, bias "
      "1.";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.attrs = {{"size", "i", true}, {"alpha", "f"}, {"beta", "f"}, {"bias", "f"}};
  def.infer = [](const InferContext& c) {
    need_rank(c.inputs[0], "the input", 2, SIZE_MAX);
    if (c.attrs.i("size", 0) < 1) fail("attribute 'size' must be positive");
    return same_type(c);
  };
  def.complete = [](Attrs attrs, const std::vector<Shape>&) {
    set_default(attrs, "alpha", 1e-4);
    set_default(attrs, "beta", 0.75);
    set_default(attrs, "bias", 1.0);
    return attrs;
  };
  return def;
}

}  // namespace tenfold::ops
