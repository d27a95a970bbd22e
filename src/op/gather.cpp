#include "src/op/common.h"

namespace tenfold::ops {

Op op_Gather() {
  Op def;
  def.name = "Gather";
  def.doc =
      "Slices of x along `axis` (0) chosen by indices (i32 or i64, negative ones count from the "
      "end); the "
      "indices' shape stands in the place of the axis.";
  def.inputs = {{"x"}, {"indices"}};
  def.outputs = {{"y"}};
  def.attrs = {{"axis", "i"}};
  def.infer = [](const InferContext& c) {
    const Shape& x = c.inputs[0].shape;
    const Type& indices = c.inputs[1];
    if (indices.dtype != DType::kI32 && indices.dtype != DType::kI64)
      fail("the indices must be i32 or i64");
    const size_t axis = normal_axis(c.attrs.i("axis", 0), x.size());
    const auto at = x.begin() + static_cast<std::ptrdiff_t>(axis);
    Shape shape(x.begin(), at);
    shape.insert(shape.end(), indices.shape.begin(), indices.shape.end());
    shape.insert(shape.end(), at + 1, x.end());
    return std::vector<Type>{tensor(c.inputs[0].dtype, std::move(shape))};
  };
  return def;
}

}  // namespace tenfold::ops
