#include "src/op/common.h"

namespace tenfold::ops {

Op op_Squeeze() {
  Op def;
  def.name = "Squeeze";
  def.doc = "Drops `axes`, which are 1; all axes that are 1 unless given.";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.attrs = {{"axes", "ints"}};
  def.infer = [](const InferContext& c) {
    const Shape& x = c.inputs[0].shape;
    const std::vector<int64_t> given = c.attrs.ints("axes");
    std::vector<bool> drop(x.size(), false);
    if (!given.empty())
      for (size_t k : normal_axes(given, x.size())) drop[k] = true;
    Shape shape;
    for (size_t k = 0; k < x.size(); ++k) {
      if (given.empty()) drop[k] = x[k] == Dim(1);
      if (drop[k]) need_dim(x[k], 1, "dimension " + std::to_string(k));
      if (!drop[k]) shape.push_back(x[k]);
    }
    return std::vector<Type>{tensor(c.inputs[0].dtype, std::move(shape))};
  };
  return def;
}

}  // namespace tenfold::ops
