#include "src/op/common.h"

namespace tenfold::ops {

namespace {

std::vector<Type> infer(const InferContext& c) {
  const Type& x = c.inputs[0];
  const auto [window, channels] = conv_shapes(c, false);
  Shape shape{x.shape[0], channels};
  for (size_t k = 0; k + 2 < x.shape.size(); ++k)
    shape.push_back(window_extent(x.shape[k + 2], window, k));
  return {tensor(x.dtype, std::move(shape))};
}

}  // namespace

Op op_Conv() {
  Op def;
  def.name = "Conv";
  def.doc =
      "Cross-correlation of x [N,C,spatial...] with w [M,C/group,kernel...] plus b [M]. Attributes "
      "default "
      "to strides and dilations 1, pads 0 (all begins, then all ends), group 1; the kernel is w's.";
  def.inputs = {{"x"}, {"w"}, {"b", true}};
  def.outputs = {{"y"}};
  def.attrs = {{"kernel", "ints"},
               {"strides", "ints"},
               {"pads", "ints"},
               {"dilations", "ints"},
               {"group", "i"}};
  def.infer = infer;
  def.complete = complete_conv;
  return def;
}

}  // namespace tenfold::ops
