#include "src/import/caffe/layer_blobs.h"

#include <fmt/format.h>

#include "src/import/caffe/attempt.h"

namespace tenfold::caffe {
namespace {

constexpr const char* kNotTogether = "prototxt and caffemodel do not belong together";

uint64_t seed_of(const std::string& text, int index) {
  uint64_t hash = 1469598103934665603ULL;  // FNV-1a
  for (const char ch : text) hash = (hash ^ static_cast<uint8_t>(ch)) * 1099511628211ULL;
  return hash + static_cast<uint64_t>(index) * 0x9E3779B97F4A7C15ULL;
}

// What a layer's text tells of its blobs, whatever its bottoms are.
struct StatedBlobs {
  enum Outputs { kUnknown, kFirst, kLast };
  int count = 0;                 // 0: none, or it is not told
  int64_t outputs = 0;           // values of the bias; 0: it is not told
  Outputs dimension = kUnknown;  // of the weight: which one the outputs are
};

StatedBlobs stated_blobs(const LayerParameter& layer) {
  const std::string& type = layer.type();
  if (type == "InnerProduct") {
    const InnerProductParameter& p = layer.inner_product_param();
    return {p.bias_term() ? 2 : 1, p.num_output(),
            p.transpose() ? StatedBlobs::kLast : StatedBlobs::kFirst};
  }
  const bool transposed = type == "Deconvolution";
  if (transposed || type == "Convolution" || type == "ConvolutionDepthwise" ||
      type == "DepthwiseConvolution") {
    const ConvolutionParameter& p = layer.convolution_param();
    return {p.bias_term() ? 2 : 1, p.num_output(),
            transposed ? StatedBlobs::kUnknown : StatedBlobs::kFirst};
  }
  if (type == "PReLU") return {1};
  if (type == "Scale")
    return {(layer.bottom_size() == 1 ? 1 : 0) + (layer.scale_param().bias_term() ? 1 : 0)};
  if (type == "Bias") return {layer.bottom_size() == 1 ? 1 : 0};
  if (type == "BatchNorm") return {3};
  return {};
}

// Whether `blob`, the weight (0) or the bias (1), fits for no bottom at all.
bool contradicts(const StatedBlobs& stated, int index, const Blob& blob) {
  if (stated.outputs <= 0) return false;
  if (index == 1) return !fits(blob, {stated.outputs});
  const Extents dims = without_ones(blob.value.dims());
  if (stated.dimension == StatedBlobs::kUnknown || stated.outputs == 1) return false;
  return dims.empty() ||
         stated.outputs != (stated.dimension == StatedBlobs::kFirst ? dims.front() : dims.back());
}

// Whether the layer shares the parameter with any of as many values.
bool is_permissive(const LayerParameter& layer, int index) {
  return index < layer.param_size() && layer.param(index).share_mode() == ParamSpec::PERMISSIVE;
}

}  // namespace

SharedParams::SharedParams(const NetParameter& net, Weights& weights)
    : net_(net), weights_(weights) {
  for (int k = 0; k < net.layer_size(); ++k)
    for (int p = 0; p < net.layer(k).param_size(); ++p)
      if (!net.layer(k).param(p).name().empty())
        sharers_[net.layer(k).param(p).name()].push_back({k, p});
}

SharedParams::Blob SharedParams::last_in_file(const std::string& name) {
  if (name.empty()) return {};
  const auto [known, fresh] = last_.try_emplace(name);
  Blob& last = known->second;
  if (!fresh) return last;
  for (const Source& s : sharers_[name]) {
    const std::string& layer = net_.layer(s.layer).name();
    const TrainedBlobs* other = weights_.use(layer);
    if (other && s.top < static_cast<int>(other->blobs.size()) &&
        (!last.trained || other->offset > last.trained->offset))
      last = {other, s.top, layer, is_permissive(net_.layer(s.layer), s.top)};
  }
  return last;
}

const Extents& SharedParams::first_dims(const std::string& name, const Extents& dims) {
  return first_dims_.try_emplace(name, dims).first->second;
}

LayerBlobs::LayerBlobs(const AttemptSetup& setup, SharedParams& shared, Diagnostics& diagnostics,
                       int layer)
    : setup_(setup),
      shared_(shared),
      diagnostics_(diagnostics),
      k_(layer),
      layer_(setup.net.net.layer(layer)) {
  trained_ = setup_.weights.use(layer_.name());
  if (trained_ && trained_->blobs.empty()) trained_ = nullptr;
}

int LayerBlobs::count() const { return trained_ ? static_cast<int>(trained_->blobs.size()) : -1; }

Tensor LayerBlobs::take(int index, const Extents& dims, Fill fill, int64_t fan_in) {
  const ParamSpec& spec =
      index < layer_.param_size() ? layer_.param(index) : ParamSpec::default_instance();
  const bool permissive = is_permissive(layer_, index);
  if (!spec.name().empty()) compare_with_first(spec.name(), dims, permissive);
  if (index < count()) {
    Tensor own = from_file(*trained_, index, dims, false);
    if (spec.name().empty() || !own.defined()) return own.defined() ? own : placeholder(dims);
  }
  if (const SharedParams::Blob last = shared_.last_in_file(spec.name()); last.trained) {
    const Tensor value =
        from_file(*last.trained, last.index, dims, permissive || last.permissive, last.layer);
    return value.defined() ? value : placeholder(dims);
  }
  if (trained_) return placeholder(dims);  // there are too few: the driver says so
  if (!setup_.options.random_weights) {
    missing_ = true;
    return placeholder(dims);
  }
  if (setup_.dry) return placeholder(dims);
  return spec.name().empty() ? random_blob(dims, fill, fan_in, seed_of(layer_.name(), index))
                             : random_blob(dims, fill, fan_in, seed_of(spec.name(), 0));
}

void LayerBlobs::compare_count(int needed) {
  if (trained_ && count() != needed)
    report(fmt::format("the trained layer has {} blobs, the network needs {}", count(), needed),
           kNotTogether);
}

void LayerBlobs::examine() {
  const StatedBlobs stated = stated_blobs(layer_);
  for (int index = 0; index < stated.count && !trained_; ++index) {
    const bool named = index < layer_.param_size();
    const bool shared = named && shared_.last_in_file(layer_.param(index).name()).trained;
    missing_ |= !shared && !setup_.options.random_weights;
  }
  if (!trained_ || stated.count == 0) return;
  const bool fork = layer_.type() == "BatchNorm" && count() == 5;  // with a gain and a bias
  if (!fork) compare_count(stated.count);
  for (int index = 0; index < std::min(count(), stated.count); ++index) {
    const Blob& blob = trained_->blobs[static_cast<size_t>(index)];
    if (!blob.value.defined()) {
      report(fmt::format("blob {} is damaged", index));
    } else if (contradicts(stated, index, blob)) {
      report(fmt::format("blob {} has shape [{}], the network needs {} outputs", index,
                         fmt::join(blob.value.dims(), ","), stated.outputs),
             kNotTogether);
    }
  }
}

void LayerBlobs::report(const std::string& reason, const std::string& hint) {
  layer_error(diagnostics_, setup_.net, k_, Code::kInvalid, reason, hint);
}

// Caffe's rule: sharers have equal shapes, PERMISSIVE ones as many values.
void LayerBlobs::compare_with_first(const std::string& name, const Extents& dims, bool permissive) {
  const Extents& first = shared_.first_dims(name, dims);
  if (first == dims || (permissive && element_count(first) == element_count(dims))) return;
  report(fmt::format("parameter '{}' has shape [{}] here and [{}] in the first layer that has it",
                     name, fmt::join(dims, ","), fmt::join(first, ",")),
         "layers share a parameter of one shape, or with share_mode: PERMISSIVE of one size");
}

Tensor LayerBlobs::from_file(const TrainedBlobs& trained, int index, const Extents& dims,
                             bool any_shape, const std::string& layer) {
  const Blob& blob = trained.blobs[static_cast<size_t>(index)];
  std::string which = fmt::format("blob {}", index);
  if (!layer.empty() && layer != layer_.name())
    which += fmt::format(" of layer '{}', which shares the parameter,", layer);
  if (!blob.value.defined()) {
    report(which + " is damaged");
    return {};
  }
  if (!fits(blob, dims) && !(any_shape && blob.value.count() == element_count(dims))) {
    report(fmt::format("{} has shape [{}], the network needs [{}]", which,
                       fmt::join(blob.value.dims(), ","), fmt::join(dims, ",")),
           kNotTogether);
    return {};
  }
  return blob.value.reshaped(dims);
}

}  // namespace tenfold::caffe
