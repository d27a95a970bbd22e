// Crop: a window of the first bottom, of the second's size.
#include <fmt/format.h>

#include "src/import/caffe/layer.h"

namespace tenfold::caffe {

// Axes from `axis` on are cut to the second bottom's sizes, at one offset or one for each.
CAFFE_LAYER_IMPORT(Crop) {
  c.expect(2, 2, 1, 1);
  const CropParameter& p = c.layer().crop_param();
  const size_t rank = c.rank();
  if (c.rank(1) != rank) LayerContext::invalid("the bottoms differ in their number of axes");
  const int64_t first = LayerContext::axis(p.axis(), rank);
  const int64_t axes = static_cast<int64_t>(rank) - first;
  if (p.offset_size() > 1 && p.offset_size() != axes)
    LayerContext::invalid(fmt::format("{} offsets for {} axes", p.offset_size(), axes));
  std::vector<int64_t> starts, ends, which;
  for (int64_t k = first; k < static_cast<int64_t>(rank); ++k) {
    const int64_t has = c.extent(0, k), wants = c.extent(1, k);
    const int index = p.offset_size() > 1 ? static_cast<int>(k - first) : 0;
    const int64_t offset = p.offset_size() == 0 ? 0 : p.offset(index);
    if (offset > has || wants > has - offset)
      LayerContext::invalid(
          fmt::format("axis {}: offset {} and size {} exceed {}", k, offset, wants, has));
    starts.push_back(offset);
    ends.push_back(offset + wants);
    which.push_back(k);
  }
  c.top(c.add("Slice", {c.bottom()},
              {{"starts", starts},
               {"ends", ends},
               {"axes", which},
               {"steps", std::vector<int64_t>(which.size(), 1)}}));
}

}  // namespace tenfold::caffe
