#include "src/op/common.h"

namespace tenfold::ops {

Op op_Flatten() {
  Op def;
  def.name = "Flatten";
  def.doc =
      "A matrix: the dimensions before `axis` (1 unless given) multiplied, and those from it on.";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.attrs = {{"axis", "i"}};
  def.infer = [](const InferContext& c) {
    const Shape& x = c.inputs[0].shape;
    const int64_t axis = c.attrs.i("axis", 1);
    const bool all = axis == static_cast<int64_t>(x.size());
    const auto at =
        x.begin() + static_cast<std::ptrdiff_t>(all ? x.size() : normal_axis(axis, x.size()));
    const Shape shape{element_count(Shape(x.begin(), at)), element_count(Shape(at, x.end()))};
    return std::vector<Type>{tensor(c.inputs[0].dtype, shape)};
  };
  return def;
}

}  // namespace tenfold::ops
