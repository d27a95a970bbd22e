// Concat: blobs one behind another along an axis.
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

}  // namespace tenfold::caffe
