#include "src/op/common.h"

namespace tenfold::ops {

Op op_Tile() {
  Op def;
  def.name = "Tile";
  def.doc = "x repeated repeats[k] times along axis k.";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.attrs = {{"repeats", "ints", true}};
  def.infer = [](const InferContext& c) {
    Shape shape = c.inputs[0].shape;
    const std::vector<int64_t> repeats = c.attrs.ints("repeats");
    if (repeats.size() != shape.size())
      fail("attribute 'repeats' must have one number for each axis");
    for (size_t k = 0; k < shape.size(); ++k) {
      if (repeats[k] < 0) fail("attribute 'repeats' holds a negative number");
      shape[k] = shape[k] * Dim(repeats[k]);
    }
    return std::vector<Type>{tensor(c.inputs[0].dtype, std::move(shape))};
  };
  return def;
}

}  // namespace tenfold::ops
