// Slice: a blob cut along an axis.
#include <fmt/format.h>

#include "src/import/caffe/layer.h"

namespace tenfold::caffe {

CAFFE_LAYER_IMPORT(Slice) {
  c.expect(1, 1, 1, INT32_MAX);
  const SliceParameter& p = c.layer().slice_param();
  if (p.has_axis() && p.has_slice_dim())
    LayerContext::invalid("the layer states axis and slice_dim");
  const int64_t axis = LayerContext::axis(
      p.has_slice_dim() ? static_cast<int64_t>(p.slice_dim()) : p.axis(), c.rank());
  const int64_t size = c.extent(0, axis);
  const int tops = c.layer().top_size();
  std::vector<int64_t> parts;
  if (p.slice_point_size() != 0) {
    if (p.slice_point_size() != tops - 1)
      LayerContext::invalid(fmt::format("{} slice points for {} tops", p.slice_point_size(), tops));
    int64_t before = 0;
    for (const int64_t point : p.slice_point()) {
      if (point <= before || point >= size)
        LayerContext::invalid(
            fmt::format("slice point {} does not lie between {} and {}", point, before, size));
      parts.push_back(point - before);
      before = point;
    }
    parts.push_back(size - before);
  } else {
    if (size % tops != 0)
      LayerContext::invalid(
          fmt::format("axis {} of size {} cannot be cut into {} equal parts", axis, size, tops));
    parts.assign(static_cast<size_t>(tops), size / tops);
  }
  if (tops == 1) {
    c.top(c.add("Identity", {c.bottom()}));
    return;
  }
  for (const ValueId part :
       c.add_multi("Split", {c.bottom()}, tops, {{"axis", axis}, {"split", parts}}))
    c.top(part);
}

}  // namespace tenfold::caffe
