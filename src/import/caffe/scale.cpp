// Scale and Bias: y = x * gain + bias, where gain and bias span some axes of x from `axis` on. They
// are trained blobs, or the second bottom.
#include <fmt/format.h>

#include "src/import/caffe/layer.h"

namespace tenfold::caffe {
namespace {

// Dims of the trained operand: `count` axes of x from `axis`; -1: all from there.
Extents operand_dims(const LayerContext& c, int32_t stated_axis, int32_t count) {
  const size_t rank = c.rank();
  if (count < -1) LayerContext::invalid("num_axes must be -1 or more");
  if (count == 0) return {};
  const int64_t first = LayerContext::axis(stated_axis, rank);
  const int64_t last = count < 0 ? static_cast<int64_t>(rank) : first + count;
  if (last > static_cast<int64_t>(rank))
    LayerContext::invalid(
        fmt::format("axes {} to {} do not exist in a blob of {} axes", first, last - 1, rank));
  Extents dims;
  for (int64_t k = first; k < last; ++k) dims.push_back(c.extent(0, k));
  return dims;
}

// With ones behind, so that it broadcasts from the right.
Tensor aligned(const LayerContext& c, const Tensor& blob, int32_t stated_axis) {
  Extents dims = blob.dims();
  if (dims.empty()) return blob;
  const auto first = static_cast<size_t>(LayerContext::axis(stated_axis, c.rank()));
  dims.resize(c.rank() - first, 1);
  return blob.reshaped(dims);
}

// The second bottom, with ones behind.
ValueId aligned_bottom(LayerContext& c, int32_t stated_axis) {
  const Shape& x = c.shape(0);
  const Shape dims = c.shape(1);
  if (dims.empty()) return c.bottom(1);
  const auto first = static_cast<size_t>(LayerContext::axis(stated_axis, x.size()));
  bool same = first + dims.size() <= x.size();
  for (size_t k = 0; same && k < dims.size(); ++k) same = dims[k] == x[first + k];
  if (!same)
    LayerContext::invalid(
        fmt::format("the second bottom [{}] does not fit the first [{}] from axis {}", str(dims),
                    str(x), first));
  if (first + dims.size() == x.size()) return c.bottom(1);
  Shape wide = dims;
  wide.resize(x.size() - first, Dim(1));
  return c.reshape(c.bottom(1), wide, "aligned");
}

}  // namespace

CAFFE_LAYER_IMPORT(Scale) {
  c.expect(1, 2, 1, 1);
  const ScaleParameter& p = c.layer().scale_param();
  const bool two = c.bottom_count() == 2;
  Extents dims;
  ValueId gain;
  if (two) {
    gain = aligned_bottom(c, p.axis());
    if (p.bias_term()) {
      for (size_t k = 0; k < c.rank(1); ++k) dims.push_back(c.extent(1, static_cast<int64_t>(k)));
    }
  } else {
    dims = operand_dims(c, p.axis(), p.num_axes());
    gain = c.constant("gain", aligned(c, c.blob(0, dims, Fill::kGain), p.axis()));
  }
  const ValueId scaled = c.add("Mul", {c.bottom(), gain}, {}, p.bias_term() ? "scaled" : "");
  if (!p.bias_term()) {
    c.top(scaled);
    return;
  }
  const Tensor bias = c.blob(two ? 0 : 1, dims, Fill::kBias);
  c.top(c.add("Add", {scaled, c.constant("bias", aligned(c, bias, p.axis()))}));
}

CAFFE_LAYER_IMPORT(Bias) {
  c.expect(1, 2, 1, 1);
  const BiasParameter& p = c.layer().bias_param();
  ValueId bias;
  if (c.bottom_count() == 2) {
    bias = aligned_bottom(c, p.axis());
  } else {
    const Extents dims = operand_dims(c, p.axis(), p.num_axes());
    bias = c.constant("bias", aligned(c, c.blob(0, dims, Fill::kBias), p.axis()));
  }
  c.top(c.add("Add", {c.bottom(), bias}));
}

}  // namespace tenfold::caffe
