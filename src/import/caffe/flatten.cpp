// Flatten: axes [axis, end_axis] become one.
#include <fmt/format.h>

#include "src/import/caffe/layer.h"

namespace tenfold::caffe {

CAFFE_LAYER_IMPORT(Flatten) {
  c.expect(1, 1, 1, 1);
  const FlattenParameter& p = c.layer().flatten_param();
  const Shape dims = c.shape();
  const int64_t first = LayerContext::axis(p.axis(), dims.size());
  const int64_t last = LayerContext::axis(p.end_axis(), dims.size());
  if (last < first)
    LayerContext::invalid(fmt::format("end_axis {} lies before axis {}", last, first));
  if (first == 1 && last + 1 == static_cast<int64_t>(dims.size())) {
    c.top(c.add("Flatten", {c.bottom()}, {{"axis", first}}));
    return;
  }
  Shape flat(dims.begin(), dims.begin() + first);
  flat.push_back(element_count(Shape(dims.begin() + first, dims.begin() + last + 1)));
  flat.insert(flat.end(), dims.begin() + last + 1, dims.end());
  c.top(c.reshape(c.bottom(), flat));
}

}  // namespace tenfold::caffe
