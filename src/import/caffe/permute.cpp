// Permute: the axes in another order.
#include <algorithm>

#include <fmt/format.h>

#include "src/import/caffe/layer.h"

namespace tenfold::caffe {

// Axes in the stated order, those left out behind.
CAFFE_LAYER_IMPORT(Permute) {
  c.expect(1, 1, 1, 1);
  std::vector<int64_t> perm;
  const auto rank = static_cast<int64_t>(c.rank());
  for (const int64_t axis : c.layer().permute_param().order()) {
    if (axis >= rank || std::find(perm.begin(), perm.end(), axis) != perm.end())
      LayerContext::invalid(
          fmt::format("order names axis {} twice or beyond the {} axes", axis, rank));
    perm.push_back(axis);
  }
  for (int64_t axis = 0; axis < rank; ++axis)
    if (std::find(perm.begin(), perm.end(), axis) == perm.end()) perm.push_back(axis);
  c.top(c.transpose(c.bottom(), perm));
}

}  // namespace tenfold::caffe
