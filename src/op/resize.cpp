#include <algorithm>
#include <cmath>

#include "src/op/common.h"

namespace tenfold::ops {

namespace {

std::vector<Type> infer(const InferContext& c) {
  Shape shape = c.inputs[0].shape;
  const std::string mode = c.attrs.s("mode", "nearest");
  if (mode != "nearest" && mode != "linear") fail("unknown mode '" + mode + "'");
  const std::string coordinates = c.attrs.s("coordinates", "half_pixel");
  if (coordinates != "half_pixel" && coordinates != "asymmetric" && coordinates != "align_corners")
    fail("unknown coordinates '" + coordinates + "'");
  if (c.attrs.has("sizes") == c.attrs.has("scales"))
    fail("needs either attribute 'sizes' or 'scales'");
  need_rank(c.inputs[0], "the input", 3, 5);
  const size_t spatial = shape.size() - 2;
  const std::vector<int64_t> sizes = c.attrs.ints("sizes");
  const std::vector<double> scales = c.attrs.floats("scales");
  if (std::max(sizes.size(), scales.size()) != spatial)
    fail("attribute 'sizes' or 'scales' must have one number for each spatial axis");
  for (size_t k = 0; k < spatial; ++k) {
    Dim& d = shape[2 + k];
    if (!sizes.empty()) {
      if (sizes[k] < 1) fail("attribute 'sizes' must hold positive numbers");
      d = sizes[k];
      continue;
    }
    const double s = scales[k];
    if (!(s > 0) || s > 1e6) fail("attribute 'scales' is out of range");
    if (s == std::floor(s)) {
      d = d * Dim(static_cast<int64_t>(s));
    } else {
      if (!d.is_const()) fail("a symbolic axis can only be scaled by a whole number");
      const double size = std::floor(static_cast<double>(d.value()) * s);
      if (size > 9e15) fail("attribute 'scales' is out of range");  // a double counts no further
      d = static_cast<int64_t>(size);
    }
  }
  return {tensor(c.inputs[0].dtype, std::move(shape))};
}

}  // namespace

Op op_Resize() {
  Op def;
  def.name = "Resize";
  def.doc =
      "Resamples the spatial axes to `sizes`, or by `scales`. mode: nearest (default), linear. "
      "coordinates: "
      "half_pixel (default), asymmetric, align_corners. rounding of nearest: round_prefer_floor "
      "(default), "
      "floor, ceil, round_prefer_ceil.";
  def.inputs = {{"x"}};
  def.outputs = {{"y"}};
  def.attrs = {{"mode", "s"},
               {"sizes", "ints"},
               {"scales", "floats"},
               {"coordinates", "s"},
               {"rounding", "s"}};
  def.infer = infer;
  return def;
}

}  // namespace tenfold::ops
