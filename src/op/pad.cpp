#include <algorithm>
#include <cstdlib>

#include "src/op/common.h"

namespace tenfold::ops {

Op op_Pad() {
  Op def;
  def.name = "Pad";
  def.doc =
      "Surrounds x with `value` (0): pads holds what is added before each axis, then after each; "
      "negative "
      "numbers cut. mode: constant (default), edge, reflect.";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.attrs = {{"pads", "ints", true}, {"value", "f"}, {"mode", "s"}};
  def.infer = [](const InferContext& c) {
    Shape shape = c.inputs[0].shape;
    const std::vector<int64_t> pads = c.attrs.ints("pads");
    const std::string mode = c.attrs.s("mode", "constant");
    if (mode != "constant" && mode != "edge" && mode != "reflect")
      fail("unknown mode '" + mode + "'");
    if (pads.size() != 2 * shape.size())
      fail("attribute 'pads' must have two numbers for each axis");
    for (size_t k = 0; k < shape.size(); ++k) {
      const int64_t begin = pads[k], end = pads[k + shape.size()];
      if (std::min(begin, end) < -INT32_MAX || std::max(begin, end) > INT32_MAX)
        fail("attribute 'pads' is out of range");
      if (mode == "reflect" && shape[k].is_const() &&
          std::max(begin, end) >= std::max<int64_t>(shape[k].value(), 1))
        fail("a reflecting pad must be smaller than the input");
      shape[k] = shape[k] + Dim(begin + end);
    }
    return std::vector<Type>{tensor(c.inputs[0].dtype, std::move(shape))};
  };
  return def;
}

}  // namespace tenfold::ops
