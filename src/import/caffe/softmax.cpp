// Softmax, and the losses that stand for the activation they contain.
#include "src/import/caffe/layer.h"

namespace tenfold::caffe {
namespace {

void softmax(LayerContext& c) {
  const int64_t axis = LayerContext::axis(c.layer().softmax_param().axis(), c.rank());
  c.top(c.add("Softmax", {c.bottom()}, {{"axis", axis}}));
}

}  // namespace

CAFFE_LAYER_IMPORT(Softmax) {
  c.expect(1, 1, 1, 1);
  softmax(c);
}

// Both tops, the loss and the optional probabilities, are the probabilities.
CAFFE_LAYER_IMPORT(SoftmaxWithLoss) {
  softmax(c);
  if (c.layer().top_size() > 1) c.top(c.add("Identity", {c.tops()[0]}, {}, "prob"));
}

CAFFE_LAYER_IMPORT(SigmoidCrossEntropyLoss) { c.top(c.add("Sigmoid", {c.bottom()})); }

}  // namespace tenfold::caffe
