#include "src/op/common.h"

namespace tenfold::ops {

Op op_Reshape() {
  Op def;
  def.name = "Reshape";
  def.doc =
      "The same elements in another shape. `shape`: numbers, 0 copies the input's dimension, one "
      "-1 takes "
      "what is left; or `dims`: dimensions as text, which may name symbols.";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.attrs = {{"shape", "ints"}, {"dims", "strings"}};
  def.infer = [](const InferContext& c) {
    if (c.attrs.has("shape") == c.attrs.has("dims"))
      fail("needs either attribute 'shape' or 'dims'");
    return std::vector<Type>{tensor(c.inputs[0].dtype, reshaped(c.attrs, c.inputs[0].shape))};
  };
  return def;
}

}  // namespace tenfold::ops
