#include "network.h"

#include <algorithm>

#include "layers.h"

namespace tenfold::trt {

NetworkCore::NetworkCore(Log log_) : log(log_) {}
NetworkCore::~NetworkCore() = default;

std::string NetworkCore::default_name(const char* kind) const {
  return "(Unnamed Layer* " + std::to_string(layers.size()) + ") [" + kind + "]";
}

TensorImpl* NetworkCore::add_input(const std::string& name, DataType type, const Extents& dims) {
  if (name.empty()) throw Error(Code::kInvalid, "an input needs a name");
  for (const TensorImpl* other : inputs)
    if (other->name() == name) throw Error(Code::kInvalid, "input '" + name + "' exists already");
  tensors.push_back(std::make_unique<TensorImpl>(*this, nullptr, 0, name));
  TensorImpl* tensor = tensors.back().get();
  tensor->dims = dims;
  tensor->type = type;
  inputs.push_back(tensor);
  changed();
  return tensor;
}

void NetworkCore::mark_output(TensorImpl& tensor) {
  if (&tensor.network() != this)
    return log.error("markOutput: tensor '" + tensor.name() + "' belongs to another network");
  if (std::find(inputs.begin(), inputs.end(), &tensor) != inputs.end())
    return log.error("markOutput: '" + tensor.name() +
                     "' is an input of the network: mark what a " + "layer makes");
  if (tensor.is_output)
    return log.warn("markOutput: tensor '" + tensor.name() + "' is an output already");
  tensor.is_output = true;
  outputs.push_back(&tensor);
}

void NetworkCore::unmark_output(TensorImpl& tensor) {
  tensor.is_output = false;
  outputs.erase(std::remove(outputs.begin(), outputs.end(), &tensor), outputs.end());
}

int64_t NetworkCore::number_of(const LayerCore& layer) const {
  const auto found = std::find_if(layers.begin(), layers.end(),
                                  [&](const auto& other) { return other.get() == &layer; });
  return found - layers.begin();
}

void NetworkCore::adopt(std::unique_ptr<LayerCore> layer, std::vector<TensorImpl*> from,
                        size_t output_count) {
  layer->inputs = std::move(from);
  for (size_t k = 0; k < output_count; ++k) {
    std::string name = layer->name + "_output";
    if (output_count > 1) name += "_" + std::to_string(k);
    tensors.push_back(
        std::make_unique<TensorImpl>(*this, layer.get(), static_cast<int>(k), std::move(name)));
    layer->outputs.push_back(tensors.back().get());
  }
  layers.push_back(std::move(layer));
}

const Emitted* NetworkCore::infer(const TensorImpl& tensor) {
  try {
    if (!shapes_) shapes_ = std::make_unique<Emitter>(*this, 64, true);
    return &shapes_->ensure(tensor);
  } catch (const std::exception& e) {
    shapes_.reset();
    if (last_error_ != e.what()) log.error("dimensions of '" + tensor.name() + "': " + e.what());
    last_error_ = e.what();
    return nullptr;
  }
}

template <class L>
L* NetworkImpl::make(const char* kind, std::vector<ITensor*> inputs, size_t outputs) {
  return guarded(core.log, "INetworkDefinition", static_cast<L*>(nullptr), [&] {
    std::vector<TensorImpl*> list;
    for (ITensor* tensor : inputs) {
      if (!tensor) throw Error(Code::kInvalid, std::string(kind) + ": an input tensor is null");
      if (&impl(tensor)->network() != &core)
        throw Error(Code::kInvalid, std::string(kind) + ": tensor '" + impl(tensor)->name() +
                                        "' belongs to another network");
      list.push_back(impl(tensor));
    }
    return core.add(std::make_unique<L>(core, core.default_name(kind)), std::move(list), outputs);
  });
}

ITensor* NetworkImpl::addInput(const char* name, DataType type, Dims dimensions) {
  return guarded(core.log, "addInput", static_cast<ITensor*>(nullptr), [&]() -> ITensor* {
    to_dtype(type);
    return core.add_input(text(name), type, to_extents(dimensions));
  });
}

void NetworkImpl::markOutput(ITensor& tensor) {
  TensorImpl* t = impl(given(tensor));
  if (!t) return core.log.error("markOutput: the tensor is null");
  guarded(core.log, "markOutput", 0, [&] { return core.mark_output(*t), 0; });
}

void NetworkImpl::unmarkOutput(ITensor& tensor) {
  TensorImpl* t = impl(given(tensor));
  if (!t) return core.log.error("unmarkOutput: the tensor is null");
  core.unmark_output(*t);
}

// It stays allocated: layers may still point at it.
void NetworkImpl::removeTensor(ITensor& tensor) {
  TensorImpl* t = impl(given(tensor));
  if (!t) return core.log.error("removeTensor: the tensor is null");
  core.unmark_output(*t);
  core.inputs.erase(std::remove(core.inputs.begin(), core.inputs.end(), t), core.inputs.end());
  core.changed();
}

static std::string by(DimsHW d) { return std::to_string(d.h()) + "x" + std::to_string(d.w()); }

template <class L>
L* NetworkImpl::make_convolution(const char* kind, ITensor& input, int maps, DimsHW kernel,
                                 Weights weights, Weights bias) {
  if (maps < 1 || kernel.h() < 1 || kernel.w() < 1) {
    core.log.error(std::string("add") + kind + ": " + std::to_string(maps) +
                   " output maps and a kernel of " + by(kernel) + ": each must be positive");
    return nullptr;
  }
  auto* layer = make<L>(kind, {given(input)});
  if (!layer) return nullptr;
  layer->maps = maps;
  layer->window.kernel = kernel;
  layer->kernel = WeightSlot(weights);
  layer->bias = WeightSlot(bias);
  return layer;
}

nvinfer1::IConvolutionLayer* NetworkImpl::addConvolution(ITensor& input, int maps, DimsHW kernel,
                                                         Weights weights, Weights bias) {
  return make_convolution<ConvolutionLayer>("Convolution", input, maps, kernel, weights, bias);
}

nvinfer1::IDeconvolutionLayer* NetworkImpl::addDeconvolution(ITensor& input, int maps,
                                                             DimsHW kernel, Weights weights,
                                                             Weights bias) {
  return make_convolution<DeconvolutionLayer>("Deconvolution", input, maps, kernel, weights, bias);
}

nvinfer1::IFullyConnectedLayer* NetworkImpl::addFullyConnected(ITensor& input, int outputs,
                                                               Weights weights, Weights bias) {
  if (outputs < 1) {
    core.log.error("addFullyConnected: " + std::to_string(outputs) +
                   " outputs: at least one is needed");
    return nullptr;
  }
  auto* layer = make<FullyConnectedLayer>("Fully Connected", {given(input)});
  if (!layer) return nullptr;
  layer->channels = outputs;
  layer->kernel = WeightSlot(weights);
  layer->bias = WeightSlot(bias);
  return layer;
}

nvinfer1::IActivationLayer* NetworkImpl::addActivation(ITensor& input,
                                                       nvinfer1::ActivationType type) {
  auto* layer = make<ActivationLayer>("Activation", {given(input)});
  if (layer) layer->kind = type;
  return layer;
}

nvinfer1::IPoolingLayer* NetworkImpl::addPooling(ITensor& input, nvinfer1::PoolingType type,
                                                 DimsHW window) {
  if (window.h() < 1 || window.w() < 1) {
    core.log.error("addPooling: a window of " + by(window) + ": each must be positive");
    return nullptr;
  }
  auto* layer = make<PoolingLayer>("Pooling", {given(input)});
  if (!layer) return nullptr;
  layer->kind = type;
  layer->window.kernel = window;
  return layer;
}

nvinfer1::ILRNLayer* NetworkImpl::addLRN(ITensor& input, int window, float alpha, float beta,
                                         float k) {
  auto* layer = make<LRNLayer>("LRN", {given(input)});
  if (!layer) return nullptr;
  layer->size = window;
  layer->alpha = alpha;
  layer->beta = beta;
  layer->k = k;
  return layer;
}

nvinfer1::IScaleLayer* NetworkImpl::addScale(ITensor& input, nvinfer1::ScaleMode mode,
                                             Weights shift, Weights scale, Weights power) {
  auto* layer = make<ScaleLayer>("Scale", {given(input)});
  if (!layer) return nullptr;
  layer->mode = mode;
  layer->shift = WeightSlot(shift);
  layer->scale = WeightSlot(scale);
  layer->power = WeightSlot(power);
  return layer;
}

nvinfer1::ISoftMaxLayer* NetworkImpl::addSoftMax(ITensor& input) {
  return make<SoftMaxLayer>("Softmax", {given(input)});
}

nvinfer1::IConcatenationLayer* NetworkImpl::addConcatenation(ITensor* const* inputs, int count) {
  if (!inputs || count < 1) {
    core.log.error("addConcatenation: no inputs");
    return nullptr;
  }
  return make<ConcatenationLayer>("Concatenation", std::vector<ITensor*>(inputs, inputs + count));
}

nvinfer1::IElementWiseLayer* NetworkImpl::addElementWise(ITensor& a, ITensor& b,
                                                         nvinfer1::ElementWiseOperation op) {
  auto* layer = make<ElementWiseLayer>("ElementWise", {given(a), given(b)});
  if (layer) layer->operation = op;
  return layer;
}

nvinfer1::IUnaryLayer* NetworkImpl::addUnary(ITensor& input, nvinfer1::UnaryOperation operation) {
  auto* layer = make<UnaryLayer>("Unary", {given(input)});
  if (layer) layer->operation = operation;
  return layer;
}

nvinfer1::IPaddingLayer* NetworkImpl::addPadding(ITensor& input, DimsHW pre, DimsHW post) {
  auto* layer = make<PaddingLayer>("Padding", {given(input)});
  if (!layer) return nullptr;
  layer->pre = pre;
  layer->post = post;
  return layer;
}

nvinfer1::IShuffleLayer* NetworkImpl::addShuffle(ITensor& input) {
  return make<ShuffleLayer>("Shuffle", {given(input)});
}

nvinfer1::IReduceLayer* NetworkImpl::addReduce(ITensor& input, nvinfer1::ReduceOperation operation,
                                               uint32_t axes, bool keep) {
  auto* layer = make<ReduceLayer>("Reduce", {given(input)});
  if (!layer) return nullptr;
  layer->operation = operation;
  layer->axes = axes;
  layer->keep = keep;
  return layer;
}

nvinfer1::ITopKLayer* NetworkImpl::addTopK(ITensor& input, nvinfer1::TopKOperation op, int k,
                                           uint32_t axes) {
  auto* layer = make<TopKLayer>("TopK", {given(input)}, 2);
  if (!layer) return nullptr;
  layer->operation = op;
  layer->k = k;
  layer->axes = axes;
  return layer;
}

nvinfer1::IGatherLayer* NetworkImpl::addGather(ITensor& data, ITensor& indices, int axis) {
  auto* layer = make<GatherLayer>("Gather", {given(data), given(indices)});
  if (layer) layer->axis = axis;
  return layer;
}

nvinfer1::IMatrixMultiplyLayer* NetworkImpl::addMatrixMultiply(ITensor& a,
                                                               nvinfer1::MatrixOperation op_a,
                                                               ITensor& b,
                                                               nvinfer1::MatrixOperation op_b) {
  auto* layer = make<MatrixMultiplyLayer>("Matrix Multiply", {given(a), given(b)});
  if (!layer) return nullptr;
  layer->ops[0] = op_a;
  layer->ops[1] = op_b;
  return layer;
}

nvinfer1::IMatrixMultiplyLayer* NetworkImpl::addMatrixMultiply(ITensor& a, bool transpose_a,
                                                               ITensor& b, bool transpose_b) {
  using nvinfer1::MatrixOperation;
  return addMatrixMultiply(a, transpose_a ? MatrixOperation::kTRANSPOSE : MatrixOperation::kNONE, b,
                           transpose_b ? MatrixOperation::kTRANSPOSE : MatrixOperation::kNONE);
}

nvinfer1::IConstantLayer* NetworkImpl::addConstant(Dims dimensions, Weights weights) {
  auto* layer = make<ConstantLayer>("Constant", {});
  if (!layer) return nullptr;
  layer->dimensions = dimensions;
  layer->weights = WeightSlot(weights);
  return layer;
}

nvinfer1::IIdentityLayer* NetworkImpl::addIdentity(ITensor& input) {
  return make<IdentityLayer>("Identity", {given(input)});
}

nvinfer1::ISliceLayer* NetworkImpl::addSlice(ITensor& input, Dims start, Dims size, Dims stride) {
  auto* layer = make<SliceLayer>("Slice", {given(input)});
  if (!layer) return nullptr;
  layer->start = start;
  layer->size = size;
  layer->stride = stride;
  return layer;
}

}  // namespace tenfold::trt
