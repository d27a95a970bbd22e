// Normalization by mean and variance: stored (BatchNorm) or of the picture itself (MVN).
#include <cmath>

#include "src/import/caffe/layer.h"

namespace tenfold::caffe {
namespace {

// (x - mean) over the axes; the variance of that when `variance` is given.
ValueId centered(LayerContext& c, const std::vector<int64_t>& axes, ValueId* variance,
                 const std::string& suffix) {
  const Attrs attrs = {{"axes", axes}, {"keepdims", int64_t{1}}};
  const ValueId mean = c.add("ReduceMean", {c.bottom()}, attrs, "mean");
  const ValueId x = c.add("Sub", {c.bottom(), mean}, {}, suffix);
  if (variance) {
    const ValueId square = c.add("Mul", {x, x}, {}, "square");
    *variance = c.add("ReduceMean", {square}, attrs, "variance");
  }
  return x;
}

// The file may keep sums: a third blob holds the factor that divides them, zero standing for
// "none".
void divide(Tensor& sums, double factor) {
  const auto scale = static_cast<float>(factor == 0 ? 0 : 1 / factor);
  sums = sums.clone();
  for (float& v : sums.as_mutable<float>()) v *= scale;
}

Tensor filled(int64_t count, float value) {
  return Tensor::of(DType::kF32, {count}, std::vector<float>(static_cast<size_t>(count), value));
}

}  // namespace

// Three blobs (mean, variance, factor), or five in NVIDIA's fork (mean, variance, factor, gain,
// bias).
CAFFE_LAYER_IMPORT(BatchNorm) {
  c.expect(1, 1, 1, 1);
  const BatchNormParameter& p = c.layer().batch_norm_param();
  const int64_t channels = c.rank() == 1 ? 1 : c.extent(0, 1);
  const bool fork = c.blob_count() == 5 || (c.blob_count() < 0 && p.scale_bias());
  Tensor mean = c.blob(0, {channels}, Fill::kMean);
  Tensor variance = c.blob(1, {channels}, Fill::kVariance);
  const Tensor factor = c.blob(2, {1}, Fill::kOne);
  const double eps = p.eps();
  Tensor gain, bias;
  if (fork) {
    gain = c.blob(3, {channels}, Fill::kGain);
    bias = c.blob(4, {channels}, Fill::kBias);
  }
  if (c.rank() < 2) LayerContext::unsupported("batch normalization of a blob of one axis");
  if (p.has_use_global_stats() && !p.use_global_stats()) {
    std::vector<int64_t> axes = {0};
    for (size_t k = 2; k < c.rank(); ++k) axes.push_back(static_cast<int64_t>(k));
    ValueId var;
    const ValueId x = centered(c, axes, &var, "centered");
    const ValueId sum = c.add("Add", {var, c.scalar("eps", eps)}, {}, "shifted");
    const ValueId deviation = c.add("Sqrt", {sum}, {}, "deviation");
    if (fork) LayerContext::unsupported("use_global_stats: false with gain and bias");
    c.top(c.add("Div", {x, deviation}));
    return;
  }
  if (!fork) {
    divide(mean, factor.at(0));
    divide(variance, factor.at(0));
    gain = filled(channels, 1);
    bias = filled(channels, 0);
  }
  c.top(c.add("BatchNormalization",
              {c.bottom(), c.constant("gain", gain), c.constant("bias", bias),
               c.constant("mean", mean), c.constant("variance", variance)},
              {{"epsilon", eps}}));
}

// Per picture, over the spatial axes (or channels too): (x - mean) / (sqrt(variance) + eps).
CAFFE_LAYER_IMPORT(MVN) {
  c.expect(1, 1, 1, 1);
  const MVNParameter& p = c.layer().mvn_param();
  if (c.rank() != 4) LayerContext::invalid("MVN needs four axes");
  const std::vector<int64_t> axes =
      p.across_channels() ? std::vector<int64_t>{1, 2, 3} : std::vector<int64_t>{2, 3};
  if (!p.normalize_variance()) {
    c.top(centered(c, axes, nullptr, ""));
    return;
  }
  ValueId variance;
  const ValueId x = centered(c, axes, &variance, "centered");
  const ValueId root = c.add("Sqrt", {variance}, {}, "root");
  const ValueId deviation = c.add("Add", {root, c.scalar("eps", p.eps())}, {}, "deviation");
  c.top(c.add("Div", {x, deviation}));
}

}  // namespace tenfold::caffe
