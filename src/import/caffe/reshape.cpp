// Reshape: a stretch of axes in another shape.
#include <fmt/format.h>

#include "src/import/caffe/layer.h"

namespace tenfold::caffe {

// Axes [axis, axis + num_axes) become the stated shape: 0 copies the axis at that place, -1 takes
// what is left.
CAFFE_LAYER_IMPORT(Reshape) {
  c.expect(1, 1, 1, 1);
  const ReshapeParameter& p = c.layer().reshape_param();
  const Shape dims = c.shape();
  const auto rank = static_cast<int64_t>(dims.size());
  const int64_t first = p.axis() >= 0 ? p.axis() : p.axis() + rank + 1;
  if (first < 0 || first > rank)
    LayerContext::invalid(
        fmt::format("axis {} does not exist in a blob of {} axes", p.axis(), rank));
  if (p.num_axes() < -1) LayerContext::invalid("num_axes must be -1 or more");
  const int64_t end = p.num_axes() == -1 ? rank : first + p.num_axes();
  if (end > rank) LayerContext::invalid("axis + num_axes exceeds the axes of the bottom");
  Shape to(dims.begin(), dims.begin() + first);
  int64_t inferred = -1;
  for (int k = 0; k < p.shape().dim_size(); ++k) {
    const int64_t d = p.shape().dim(k);
    if (d < -1) LayerContext::invalid(fmt::format("dimension {}", d));
    if (d == -1) {
      if (inferred >= 0) LayerContext::invalid("two dimensions are -1");
      inferred = static_cast<int64_t>(to.size());
      to.emplace_back(1);
      continue;
    }
    if (d == 0 && first + k >= end)
      LayerContext::invalid(fmt::format("dimension {} copies an axis that the bottom lacks", k));
    to.push_back(d == 0 ? dims[static_cast<size_t>(first + k)] : Dim(d));
  }
  to.insert(to.end(), dims.begin() + end, dims.end());
  const Dim total = element_count(dims), stated = element_count(to);
  if (inferred >= 0) {
    const int64_t count = total.eval({{"N", 1}}), part = stated.eval({{"N", 1}});
    if (part == 0) LayerContext::invalid("-1 beside an axis of size 0");
    if (!stated.is_const() && count % part != 0)
      LayerContext::invalid(fmt::format(
          "{} elements a picture are no multiple of {}: no size fits in place of -1", count, part));
    Dim& missing = to[static_cast<size_t>(inferred)];
    missing = floor_div(total, stated);
  }
  // Per picture: what fits no number of them is not a matter of the batch.
  const int64_t each = total.eval({{"N", 1}}), all = element_count(to).eval({{"N", 1}});
  const bool open = !element_count(to).is_const();
  if (!total.is_const() && each > 0 && (open ? all != each : all % each != 0))
    LayerContext::invalid(fmt::format("[{}] cannot be reshaped to [{}]", str(dims), str(to)));
  if (!total.is_const() && !to.empty() && to[0].is_const())
    LayerContext::unsupported(
        fmt::format("shape [{}] states the batch size: the bottom has [{}]", str(to), str(dims)));
  if (element_count(to) != total) {
    if (!element_count(to).is_const() || !total.is_const())
      LayerContext::unsupported(fmt::format(
          "shape [{}] bakes the batch size in: the bottom has [{}]", str(to), str(dims)));
    LayerContext::invalid(fmt::format("[{}] cannot be reshaped to [{}]", str(dims), str(to)));
  }
  c.top(c.reshape(c.bottom(), to));
}

}  // namespace tenfold::caffe
