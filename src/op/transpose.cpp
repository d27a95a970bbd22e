#include "src/op/common.h"

namespace tenfold::ops {

Op op_Transpose() {
  Op def;
  def.name = "Transpose";
  def.doc =
      "Axis k of the output is axis perm[k] of the input; without perm the axes are reversed.";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.attrs = {{"perm", "ints"}};
  def.infer = [](const InferContext& c) {
    const Shape& x = c.inputs[0].shape;
    Shape shape(x.rbegin(), x.rend());
    if (c.attrs.has("perm")) {
      const std::vector<int64_t> perm = c.attrs.ints("perm");
      if (perm.size() != x.size()) fail("attribute 'perm' does not have one number for each axis");
      if (!perm.empty()) normal_axes(perm, x.size());
      for (size_t k = 0; k < perm.size(); ++k) {
        if (perm[k] < 0) fail("attribute 'perm' holds a negative number");
        shape[k] = x[static_cast<size_t>(perm[k])];
      }
    }
    return std::vector<Type>{tensor(c.inputs[0].dtype, std::move(shape))};
  };
  return def;
}

}  // namespace tenfold::ops
