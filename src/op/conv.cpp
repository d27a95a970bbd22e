#include "src/op/common.h"

namespace tenfold::ops {

namespace {

std::vector<Type> infer(const InferContext& c) {
  const Type& x = c.inputs[0];
  const Type& w = c.inputs[1];
  need_rank(x, "the input", 3, 5);
  need_rank(w, "the weights", x.shape.size(), x.shape.size());
  need_same_dtype(x, w, "the weights'");
  const int64_t group = c.attrs.i("group", 1);
  if (group < 1) fail("attribute 'group' must be positive");
  need_dim(x.shape[1], w.shape[1] * Dim(group), "the number of input channels");
  if (!is_const(w.shape)) fail("the weights' dimensions must be numbers");
  const Extents dims = const_extents(w.shape);
  if (dims[0] % group != 0) fail("the number of output channels is no multiple of 'group'");
  const Window window =
      window_of(c.attrs, x.shape.size() - 2, Extents(dims.begin() + 2, dims.end()));
  if (present(c, 2)) {
    need_rank(c.inputs[2], "the bias", 1, 1);
    need_same_dtype(x, c.inputs[2], "the bias");
    need_dim(c.inputs[2].shape[0], w.shape[0], "the bias' length");
  }
  Shape shape{x.shape[0], w.shape[0]};
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
  return def;
}

}  // namespace tenfold::ops
