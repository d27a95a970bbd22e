#include "src/op/common.h"

namespace tenfold::ops {

namespace {

std::vector<Type> infer(const InferContext& c) {
  const Type& x = c.inputs[0];
  const auto [window, channels] = conv_shapes(c, true);
  const size_t spatial = x.shape.size() - 2;
  std::vector<int64_t> extra = c.attrs.ints("output_padding");
  extra.resize(extra.empty() ? spatial : extra.size(), 0);
  if (extra.size() != spatial) fail("attribute 'output_padding' has the wrong length");
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
  def.complete = complete_conv;
  return def;
}

}  // namespace tenfold::ops
