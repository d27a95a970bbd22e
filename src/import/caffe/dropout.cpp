// Dropout: at inference it changes nothing.
#include "src/import/caffe/layer.h"

namespace tenfold::caffe {

CAFFE_LAYER_IMPORT(Dropout) {
  c.expect(1, 1, 1, 1);
  c.top(c.add("Dropout", {c.bottom()}));
}

}  // namespace tenfold::caffe
