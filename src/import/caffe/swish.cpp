// Swish: x sigmoid(beta x).
#include "src/import/caffe/layer.h"

namespace tenfold::caffe {

CAFFE_LAYER_IMPORT(Swish) {
  c.expect(1, 1, 1, 1);
  const double beta = c.layer().swish_param().beta();
  ValueId x = c.bottom();
  if (beta != 1) x = c.add("Mul", {x, c.scalar("beta", beta)}, {}, "scaled");
  c.top(c.add("Mul", {c.bottom(), c.add("Sigmoid", {x}, {}, "sigmoid")}));
}

}  // namespace tenfold::caffe
