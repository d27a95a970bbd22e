#include <algorithm>

#include "src/op/common.h"

namespace tenfold::ops {

namespace {

std::vector<Type> infer(const InferContext& c) {
  const Type& x = c.inputs[0];
  const size_t axis = normal_axis(c.attrs.i("axis", 0), x.shape.size());
  std::vector<int64_t> sizes = c.attrs.ints("split");
  const Dim extent = x.shape[axis];
  if (sizes.empty()) {
    if (!extent.is_const()) fail("a symbolic axis needs attribute 'split'");
    const int64_t n = extent.value(), each = n / c.outputs + (n % c.outputs > 0 ? 1 : 0);
    for (int64_t left = extent.value(), k = 0; k < c.outputs; ++k, left -= sizes.back())
      sizes.push_back(std::min(each, left));
  }
  if (static_cast<int>(sizes.size()) != c.outputs)
    fail("attribute 'split' does not fit the number of outputs");
  Dim total = 0;
  std::vector<Type> types;
  for (int64_t n : sizes) {
    if (n < 0) fail("attribute 'split' holds a negative number");
    total = total + Dim(n);
    types.push_back(x);
    types.back().shape[axis] = n;
  }
  need_dim(total, extent, "the sum of 'split'");
  return types;
}

}  // namespace

Op op_Split() {
  Op def;
  def.name = "Split";
  def.doc =
      "Cuts x along `axis` (0) into pieces of `split` elements; equal pieces (the last smaller) "
      "unless given.";
  def.inputs = {{"x"}};
  def.outputs = {{"outputs", false, true}};
  def.attrs = {{"axis", "i"}, {"split", "ints"}};
  def.infer = infer;
  def.complete = [](Attrs attrs, const std::vector<Shape>& inputs) {
    complete_axis(attrs, 0, inputs.at(0));
    return attrs;
  };
  return def;
}

}  // namespace tenfold::ops
