#include "src/op/common.h"

namespace tenfold::ops {

Op op_Expand() {
  Op def;
  def.name = "Expand";
  def.doc =
      "x broadcast numpy-style with `shape` (numbers) or `dims` (text, which may name symbols).";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.attrs = {{"shape", "ints"}, {"dims", "strings"}};
  def.infer = [](const InferContext& c) {
    if (c.attrs.has("shape") == c.attrs.has("dims"))
      fail("needs either attribute 'shape' or 'dims'");
    Shape with;
    for (int64_t d : c.attrs.ints("shape")) {
      if (d < 0) fail("attribute 'shape' holds a negative number");
      with.push_back(d);
    }
    if (c.attrs.has("dims"))
      for (const std::string& d : c.attrs.strings("dims")) with.push_back(Dim::parse(d));
    return std::vector<Type>{tensor(c.inputs[0].dtype, broadcast(c.inputs[0].shape, with))};
  };
  // The load broadcasts.
  def.expr = [](Expr&, const Attrs&, const std::vector<int>& regs) { return regs[0]; };
  return def;
}

}  // namespace tenfold::ops
