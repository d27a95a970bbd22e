#include "src/op/common.h"

namespace tenfold::ops {

namespace {

std::vector<Type> infer(const InferContext& c) {
  const Type& x = c.inputs[0];
  const Type& w = c.inputs[1];
  need_rank(x, "the input", 3, 5);
  need_rank(w, "the weights", x.shape.size(), x.shape.size());
  need_same_dtype(x, w, "the weights'");
  const size_t spatial = x.shape.size() - 2;
  const int64_t group = c.attrs.i("group", 1);
  if (group < 1) fail("attribute 'group' must be positive");
  need_dim(x.shape[1], w.shape[0], "the number of input channels");
  if (!is_const(w.shape)) fail("the weights' dimensions must be numbers");
  const Extents dims = const_extents(w.shape);
  if (dims[0] % group != 0) fail("the number of input channels is no multiple of 'group'");
  const Window window = window_of(c.attrs, spatial, Extents(dims.begin() + 2, dims.end()));
  std::vector<int64_t> extra = c.attrs.ints("output_padding");
  extra.resize(extra.empty() ? spatial : extra.size(), 0);
  if (extra.size() != spatial) fail("attribute 'output_padding' has the wrong length");
  const Dim channels = w.shape[1] * Dim(group);
  if (present(c, 2)) {
    need_rank(c.inputs[2], "the bias", 1, 1);
    need_same_dtype(x, c.inputs[2], "the bias");
    need_dim(c.inputs[2].shape[0], channels, "the bias' length");
  }
  Shape shape{x.shape[0], channels};
  for (size_t k = 0; k < spatial; ++k) {
    if (extra[k] < 0 || extra[k] > INT32_MAX) fail("attribute 'output_padding' is out of range");
    const int64_t span = (window.kernel[k] - 1) * window.dilations[k] + 1;
    const int64_t pads = window.pads[k] + window.pads[spatial + k];
    const Dim extent = (x.shape[k + 2] - 1) * Dim(window.strides[k]) + Dim(span + extra[k] - pads);
    if (extent.is_const() && extent.value() < 1) fail("the padding leaves nothing of the output");
    shape.push_back(extent);
  }
  return {tensor(x.dtype, std::move(shape))};
}

}  // namespace

Op op_ConvTranspose() {
  Op def;
  def.name = "ConvTranspose";
  def.doc =
      "The transpose of Conv: x [N,C,spatial...], w [C,M/group,kernel...], b [M]. Output extent is "
      "(in-1)*stride + (kernel-1)*dilation + 1 + output_padding - pads.";
  def.inputs = {{"x"}, {"w"}, {"b", true}};
  def.outputs = {{"y"}};
  def.attrs = {{"kernel", "ints"},    {"strides", "ints"}, {"pads", "ints"},
               {"dilations", "ints"}, {"group", "i"},      {"output_padding", "ints"}};
  def.infer = infer;
  return def;
}

}  // namespace tenfold::ops
