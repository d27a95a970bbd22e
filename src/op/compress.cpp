#include "src/op/common.h"

namespace tenfold::ops {

namespace {

std::vector<Type> infer(const InferContext& c) {
  const Type &x = c.inputs[0], &condition = c.inputs[1];
  need_rank(condition, "the condition", 1, 1);
  if (condition.dtype != DType::kBool) fail("the condition must be bool, it is " + condition.str());
  if (c.attrs.s("count", "").empty()) fail("attribute 'count' must name a size");
  const Dim count = Dim::symbol(c.attrs.s("count", ""));
  const bool flat = !c.attrs.has("axis");
  if (flat && x.shape.empty()) fail("the input must have dimensions");
  const size_t axis = flat ? 0 : normal_axis(c.attrs.i("axis", 0), x.shape.size());
  const Dim along = flat ? element_count(x.shape) : x.shape[axis];
  const Dim& length = condition.shape[0];
  const bool fits =
      length.is_const() && along.is_const() ? length.value() <= along.value() : length == along;
  if (!fits) fail(cat({"the condition has ", length.str(), " elements, the axis ", along.str()}));
  Shape shape = flat ? Shape{count} : x.shape;
  shape[axis] = count;
  return {tensor(x.dtype, std::move(shape)), tensor(DType::kI64, {})};
}

}  // namespace

Op op_Compress() {
  Op def;
  def.name = "Compress";
  def.doc =
      "The slices of x along `axis` (its elements in row-major order unless given) where the "
      "condition, one bool a slice, is true, and how many there are. `count` names that size, "
      "which "
      "only a run knows; the condition's length bounds it.";
  def.inputs = {{"x"}, {"condition"}};
  def.outputs = {{"y"}, {"n"}};
  def.attrs = {{"axis", "i"}, {"count", "s", true}};
  def.infer = infer;
  def.complete = [](Attrs attrs, const std::vector<Shape>& inputs) {
    if (attrs.has("axis")) complete_axis(attrs, 0, inputs[0]);
    return attrs;
  };
  def.counts = [](const InferContext& c) {
    return std::vector<Op::Count>{{c.attrs.s("count", ""), c.inputs[1].shape[0], 1}};
  };
  return def;
}

}  // namespace tenfold::ops
