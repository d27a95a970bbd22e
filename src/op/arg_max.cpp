#include "src/op/common.h"

namespace tenfold::ops {

Op op_ArgMax() {
  Op def;
  def.name = "ArgMax";
  def.doc =
      "Index (i64) of the largest value along `axis` (0), the first among equals (the last "
      "with select_last_index = 1). keepdims (1) leaves the axis as 1.";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.attrs = {{"axis", "i"}, {"keepdims", "i"}, {"select_last_index", "i"}};
  def.infer = [](const InferContext& c) {
    Shape shape = c.inputs[0].shape;
    const size_t axis = normal_axis(c.attrs.i("axis", 0), shape.size());
    if (c.attrs.i("keepdims", 1) != 0) {
      shape[axis] = 1;
    } else {
      shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(axis));
    }
    return std::vector<Type>{tensor(DType::kI64, std::move(shape))};
  };
  return def;
}

}  // namespace tenfold::ops
