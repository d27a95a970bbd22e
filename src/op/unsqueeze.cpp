#include "src/op/common.h"

namespace tenfold::ops {

Op op_Unsqueeze() {
  Op def;
  def.name = "Unsqueeze";
  def.doc = "Adds axes of 1; `axes` are their places in the output.";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.attrs = {{"axes", "ints", true}};
  def.infer = [](const InferContext& c) {
    const Shape& x = c.inputs[0].shape;
    const std::vector<int64_t> given = c.attrs.ints("axes");
    if (given.empty()) return same_type(c);
    Shape shape = x;
    for (size_t k : normal_axes(given, x.size() + given.size()))  // ascending
      shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(k), Dim(1));
    return std::vector<Type>{tensor(c.inputs[0].dtype, std::move(shape))};
  };
  return def;
}

}  // namespace tenfold::ops
