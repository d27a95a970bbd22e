// Split: the same blob under several names.
#include "src/import/caffe/layer.h"

namespace tenfold::caffe {

CAFFE_LAYER_IMPORT(Split) {
  c.expect(1, 1, 1, INT32_MAX);
  for (int k = 0; k < c.layer().top_size(); ++k)
    c.top(c.add("Identity", {c.bottom()}, {}, k == 0 ? "" : std::to_string(k)));
}

}  // namespace tenfold::caffe
