// Layers that join, divide and repeat blobs along an axis.
#include <fmt/format.h>

#include "src/import/caffe/layer.h"

namespace tenfold::caffe {

CAFFE_LAYER_IMPORT(Concat) {
  c.expect(1, INT32_MAX, 1, 1);
  const ConcatParameter& p = c.layer().concat_param();
  if (p.has_axis() && p.has_concat_dim())
    LayerContext::invalid("the layer states axis and concat_dim");
  const int64_t axis = LayerContext::axis(
      p.has_concat_dim() ? static_cast<int64_t>(p.concat_dim()) : p.axis(), c.rank());
  std::vector<ValueId> inputs;
  for (size_t k = 0; k < c.bottom_count(); ++k) {
    const Shape& dims = c.shape(k);
    bool same = dims.size() == c.rank();
    for (size_t d = 0; same && d < dims.size(); ++d)
      same = static_cast<int64_t>(d) == axis || dims[d] == c.shape(0)[d];
    if (!same)
      LayerContext::invalid(
          fmt::format("bottom {} has shape [{}], the first [{}]: they differ not "
                      "only in axis {}",
                      k, str(dims), str(c.shape(0)), axis));
    if (axis == 0) c.extent(k, 0);  // joined along the batch: its size has to be known
    inputs.push_back(c.bottom(k));
  }
  if (inputs.size() == 1) {
    c.top(c.add("Identity", inputs));
    return;
  }
  c.top(c.add("Concat", std::move(inputs), {{"axis", axis}}));
}

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

CAFFE_LAYER_IMPORT(Split) {
  c.expect(1, 1, 1, INT32_MAX);
  for (int k = 0; k < c.layer().top_size(); ++k)
    c.top(c.add("Identity", {c.bottom()}, {}, k == 0 ? "" : std::to_string(k)));
}

CAFFE_LAYER_IMPORT(Tile) {
  c.expect(1, 1, 1, 1);
  const TileParameter& p = c.layer().tile_param();
  const int64_t axis = LayerContext::axis(p.axis(), c.rank());
  const int64_t tiles = p.tiles();
  if (tiles <= 0) LayerContext::invalid("tiles must be positive");
  if (tiles > 4096) LayerContext::unsupported(fmt::format("{} tiles", tiles), "at most 4096");
  if (tiles == 1) {
    c.top(c.add("Identity", {c.bottom()}));
    return;
  }
  c.top(c.add("Concat", std::vector<ValueId>(static_cast<size_t>(tiles), c.bottom()),
              {{"axis", axis}}));
}

}  // namespace tenfold::caffe
