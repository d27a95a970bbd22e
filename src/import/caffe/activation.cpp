// Layers that map every element on its own.
#include <fmt/format.h>

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

// x sigmoid(beta x)
CAFFE_LAYER_IMPORT(Swish) {
  c.expect(1, 1, 1, 1);
  const double beta = c.layer().swish_param().beta();
  ValueId x = c.bottom();
  if (beta != 1) x = c.add("Mul", {x, c.scalar("beta", beta)}, {}, "scaled");
  c.top(c.add("Mul", {c.bottom(), c.add("Sigmoid", {x}, {}, "sigmoid")}));
}

// 1 above the threshold, else 0.
CAFFE_LAYER_IMPORT(Threshold) {
  c.expect(1, 1, 1, 1);
  const ValueId limit = c.scalar("threshold", c.layer().threshold_param().threshold());
  const ValueId above = c.add("Greater", {c.bottom(), limit}, {}, "above");
  c.top(c.add("Cast", {above}, {{"to", std::string("f32")}}));
}

}  // namespace tenfold::caffe
