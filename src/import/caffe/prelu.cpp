// PReLU: max(x, 0) + slope min(x, 0).
#include "src/import/caffe/layer.h"

namespace tenfold::caffe {

// A slope for each channel (axis 1), or one for all.
CAFFE_LAYER_IMPORT(PReLU) {
  c.expect(1, 1, 1, 1);
  const size_t rank = c.rank();
  if (rank < 2) LayerContext::invalid("PReLU needs two axes or more");
  Tensor slope;
  if (c.layer().prelu_param().channel_shared()) {
    slope = c.blob(0, {}, Fill::kSlope);
  } else {
    Extents dims = {c.extent(0, 1)};
    slope = c.blob(0, dims, Fill::kSlope);
    dims.resize(rank - 1, 1);
    slope = slope.reshaped(dims);
  }
  c.top(c.add("PRelu", {c.bottom(), c.constant("slope", slope)}));
}

}  // namespace tenfold::caffe
