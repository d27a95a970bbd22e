#include "src/op/common.h"

namespace tenfold::ops {

Op op_Concat() {
  Op def;
  def.name = "Concat";
  def.doc = "The inputs one behind another along `axis`; all other dimensions agree.";
  def.inputs = {{"inputs", false, true}};
  def.outputs = {{"y"}};
  def.attrs = {{"axis", "i", true}};
  def.infer = [](const InferContext& c) {
    Shape shape = c.inputs[0].shape;
    const size_t axis = normal_axis(c.attrs.i("axis", 0), shape.size());
    for (size_t k = 1; k < c.inputs.size(); ++k) {
      const Type& t = c.inputs[k];
      const std::string what = "input " + std::to_string(k);
      need_same_dtype(c.inputs[0], t, what);
      need_rank(t, what, shape.size(), shape.size());
      for (size_t d = 0; d < shape.size(); ++d)
        if (d != axis)
          need_dim(t.shape[d], shape[d], "dimension " + std::to_string(d) + " of " + what);
      shape[axis] = shape[axis] + t.shape[axis];
    }
    return std::vector<Type>{tensor(c.inputs[0].dtype, std::move(shape))};
  };
  def.complete = [](Attrs attrs, const std::vector<Shape>& inputs) {
    complete_axis(attrs, 0, inputs.at(0));
    return attrs;
  };
  return def;
}

}  // namespace tenfold::ops
