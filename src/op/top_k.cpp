#include "src/op/common.h"

namespace tenfold::ops {

Op op_TopK() {
  Op def;
  def.name = "TopK";
  def.doc =
      "The k largest values along `axis` (-1), or smallest with largest=0, and their indices "
      "(i64). Sorted; "
      "among equals the smaller index comes first.";
  def.inputs = {{"x"}};
  def.outputs = {{"values"}, {"indices"}};
  def.attrs = {{"k", "i", true}, {"axis", "i"}, {"largest", "i"}, {"sorted", "i"}};
  def.infer = [](const InferContext& c) {
    Shape shape = c.inputs[0].shape;
    const size_t axis = normal_axis(c.attrs.i("axis", -1), shape.size());
    const int64_t k = c.attrs.i("k", 0);
    if (k < 0 || (shape[axis].is_const() && k > shape[axis].value()))
      fail("attribute 'k' is out of range");
    shape[axis] = k;
    return std::vector<Type>{tensor(c.inputs[0].dtype, shape), tensor(DType::kI64, shape)};
  };
  return def;
}

}  // namespace tenfold::ops
