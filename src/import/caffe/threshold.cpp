// Threshold: 1 above, else 0.
#include "src/import/caffe/layer.h"

namespace tenfold::caffe {

CAFFE_LAYER_IMPORT(Threshold) {
  c.expect(1, 1, 1, 1);
  const ValueId limit = c.scalar("threshold", c.layer().threshold_param().threshold());
  const ValueId above = c.add("Greater", {c.bottom(), limit}, {}, "above");
  c.top(c.add("Cast", {above}, {{"to", std::string("f32")}}));
}

}  // namespace tenfold::caffe
