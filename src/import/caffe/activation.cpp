// Layers that are one function of each element.
#include "src/import/caffe/layer.h"

namespace tenfold::caffe {
namespace {

void pointwise(LayerContext& c, const std::string& op, Attrs attrs = {}) {
  c.expect(1, 1, 1, 1);
  c.top(c.add(op, {c.bottom()}, std::move(attrs)));
}

}  // namespace

CAFFE_LAYER_IMPORT(AbsVal) { pointwise(c, "Abs"); }
CAFFE_LAYER_IMPORT(BNLL) { pointwise(c, "Softplus"); }
CAFFE_LAYER_IMPORT(Sigmoid) { pointwise(c, "Sigmoid"); }
CAFFE_LAYER_IMPORT(TanH) { pointwise(c, "Tanh"); }

CAFFE_LAYER_IMPORT(ReLU) {
  const double slope = c.layer().relu_param().negative_slope();
  if (slope == 0) return pointwise(c, "Relu");
  pointwise(c, "LeakyRelu", {{"alpha", slope}});
}

CAFFE_LAYER_IMPORT(ReLU6) { pointwise(c, "Clip", {{"min", 0.0}, {"max", 6.0}}); }

CAFFE_LAYER_IMPORT(Clip) {
  const ClipParameter& p = c.layer().clip_param();
  if (!p.has_min() || !p.has_max()) LayerContext::invalid("clip_param must state min and max");
  pointwise(c, "Clip",
            {{"min", static_cast<double>(p.min())}, {"max", static_cast<double>(p.max())}});
}

CAFFE_LAYER_IMPORT(ELU) {
  pointwise(c, "Elu", {{"alpha", static_cast<double>(c.layer().elu_param().alpha())}});
}

}  // namespace tenfold::caffe
