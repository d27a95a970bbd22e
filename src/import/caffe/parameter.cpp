// Parameter: a trained blob that is a value of its own.
#include "src/import/caffe/layer.h"

namespace tenfold::caffe {

CAFFE_LAYER_IMPORT(Parameter) {
  c.expect(0, 0, 1, 1);
  const BlobShape& shape = c.layer().parameter_param().shape();
  const Tensor value = c.blob(0, {shape.dim().begin(), shape.dim().end()}, Fill::kWeight);
  c.top(c.add("Identity", {c.constant("value", value)}));
}

}  // namespace tenfold::caffe
