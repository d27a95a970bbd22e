#include "graph_layers.h"

#include <algorithm>
#include <cmath>

#include "layers.h"
#include "tenfold/compile.h"

namespace tenfold::trt {
namespace {

using nvinfer1::ActivationType;
using nvinfer1::ElementWiseOperation;
using nvinfer1::UnaryOperation;

class Translator {
 public:
  Translator(NetworkCore& network, const Graph& graph,
             const std::map<std::string, std::shared_ptr<Plugin>>& plugins)
      : network_(network), graph_(graph), plugins_(plugins) {}

  std::map<ValueId, TensorImpl*> run() {
    for (const ValueId id : graph_.inputs()) check_input(id);
    if (std::any_of(graph_.inputs().begin(), graph_.inputs().end(),
                    [&](ValueId id) { return shape(id)[0] == Dim(1); })) {
      network_.single_item = true;
      network_.changed();
    }
    for (const ValueId id : graph_.inputs()) {
      const Type& type = graph_.type(id);
      Extents dims;
      for (size_t k = 1; k < type.shape.size(); ++k) dims.push_back(type.shape[k].value());
      tensors_[id] = network_.add_input(graph_.value(id).name, to_data_type(type.dtype), dims);
    }
    for (const NodeId id : graph_.order()) add(graph_.node(id));
    return std::move(tensors_);
  }

 private:
  void check_input(ValueId id) const {
    const Shape& shape = graph_.type(id).shape;
    const std::string which = "input '" + graph_.value(id).name + "' [" + str(shape) + "]";
    if (shape.empty() || (shape[0] != Dim::symbol("N") && shape[0] != Dim(1)))
      throw Error(Code::kUnsupported, which + ": the batch size of this model cannot vary");
    for (size_t k = 1; k < shape.size(); ++k)
      if (!shape[k].is_const()) throw Error(Code::kUnsupported, which + ": dimensions that vary");
  }

  bool is_constant(ValueId id) const { return id.valid() && graph_.value(id).constant.valid(); }
  Tensor constant(ValueId id) const {
    const Constant* source = graph_.constant_of(id);
    return source ? source->source : evaluate_constant(graph_, graph_.value(id).constant);
  }
  const Shape& shape(ValueId id) const { return graph_.type(id).shape; }

  template <class L>
  L* typed(const Node& node, std::vector<ValueId> inputs) {
    auto layer = std::make_unique<L>(network_, node.name);
    layer->sources = node.sources;
    std::vector<TensorImpl*> from;
    for (const ValueId v : inputs) from.push_back(tensors_.at(v));
    L* raw = network_.add(std::move(layer), std::move(from), node.outputs.size());
    for (size_t k = 0; k < node.outputs.size(); ++k) {
      raw->outputs[k]->setName(graph_.value(node.outputs[k]).name.c_str());
      tensors_[node.outputs[k]] = raw->outputs[k];
    }
    return raw;
  }

  void add(const Node& node) {
    const bool done = matrix(node) || window(node) || scale(node) || activation(node) ||
                      pointwise(node) || across(node) || plugin(node);
    if (!done) generic(node);
  }

  // An inner product takes what a Flatten before it takes: it flattens by itself.
  bool matrix(const Node& node) {
    if (node.op == "Flatten" && node.attrs.i("axis", 1) == 1 && only_feeds_products(node)) {
      flattened_[node.outputs[0]] = node.inputs[0];
      return true;
    }
    if (!is_product(node)) return false;
    ValueId x = node.inputs[0];
    const auto found = flattened_.find(x);
    if (found != flattened_.end()) x = found->second;
    auto* layer = typed<FullyConnectedLayer>(node, {x});
    layer->kernel = WeightSlot(constant(node.inputs[1]));
    layer->channels = static_cast<int>(shape(node.inputs[1])[0].value());
    if (node.inputs.size() > 2) layer->bias = WeightSlot(constant(node.inputs[2]));
    return true;
  }

  bool is_product(const Node& node) const {
    if (node.op != "Gemm" || node.attrs.i("transA", 0) != 0 || node.attrs.i("transB", 0) != 1 ||
        node.attrs.f("alpha", 1) != 1 || node.attrs.f("beta", 1) != 1)
      return false;
    if (is_constant(node.inputs[0]) || !is_constant(node.inputs[1])) return false;
    return node.inputs.size() < 3 ||
           (is_constant(node.inputs[2]) && shape(node.inputs[2]).size() == 1);
  }

  bool only_feeds_products(const Node& node) const {
    const std::vector<NodeId> uses = graph_.uses(node.outputs[0]);
    for (const NodeId id : uses)
      if (!is_product(graph_.node(id)) || graph_.node(id).inputs[0] != node.outputs[0])
        return false;
    return !uses.empty() && !graph_.is_output(node.outputs[0]) &&
           shape(node.inputs[0])[0] == Dim::symbol("N");
  }

  static DimsHW hw(const std::vector<int64_t>& v, size_t at = 0) {
    return DimsHW(static_cast<int>(v.at(at)), static_cast<int>(v.at(at + 1)));
  }

  WindowShape window_of(const Node& node, const DimsHW& kernel) const {
    WindowShape w;
    w.kernel = kernel;
    w.stride = hw(node.attrs.ints("strides", {1, 1}));
    w.dilation = hw(node.attrs.ints("dilations", {1, 1}));
    const std::vector<int64_t> pads = node.attrs.ints("pads", {0, 0, 0, 0});
    w.pre = hw(pads);
    w.post = hw(pads, 2);
    return w;
  }

  template <class L>
  bool convolution(const Node& node, int64_t maps) {
    const Shape& weights = shape(node.inputs[1]);
    auto* layer = typed<L>(node, {node.inputs[0]});
    layer->maps = static_cast<int>(maps);
    layer->groups = static_cast<int>(node.attrs.i("group", 1));
    layer->window = window_of(
        node, DimsHW(static_cast<int>(weights[2].value()), static_cast<int>(weights[3].value())));
    layer->kernel = WeightSlot(constant(node.inputs[1]));
    if (node.inputs.size() > 2) layer->bias = WeightSlot(constant(node.inputs[2]));
    return true;
  }

  bool window(const Node& node) {
    const bool four = !is_constant(node.inputs.at(0)) && shape(node.inputs[0]).size() == 4;
    if (!four) return false;
    const bool weighted = node.inputs.size() > 1 && is_constant(node.inputs[1]) &&
                          (node.inputs.size() < 3 || is_constant(node.inputs[2]));
    if (node.op == "Conv" && weighted)
      return convolution<ConvolutionLayer>(node, shape(node.inputs[1])[0].value());
    const std::vector<int64_t> plain = {1, 1};
    if (node.op == "ConvTranspose" && weighted && node.attrs.ints("dilations", plain) == plain &&
        !node.attrs.has("output_padding"))
      return convolution<DeconvolutionLayer>(
          node, shape(node.inputs[1])[1].value() * node.attrs.i("group", 1));
    return pooling(node);
  }

  bool pooling(const Node& node) {
    const bool global = node.op == "GlobalAveragePool" || node.op == "GlobalMaxPool";
    const bool average = node.op == "AveragePool" || node.op == "GlobalAveragePool";
    if (!global && !average && node.op != "MaxPool") return false;
    if (node.attrs.ints("dilations", {1, 1}) != std::vector<int64_t>{1, 1}) return false;
    const Shape& in = shape(node.inputs[0]);
    auto* layer = typed<PoolingLayer>(node, {node.inputs[0]});
    layer->kind = average ? nvinfer1::PoolingType::kAVERAGE : nvinfer1::PoolingType::kMAX;
    layer->window = window_of(
        node, global ? DimsHW(static_cast<int>(in[2].value()), static_cast<int>(in[3].value()))
                     : hw(node.attrs.ints("kernel")));
    if (node.attrs.i("ceil_mode", 0) != 0) layer->window.mode = PaddingMode::kCAFFE_ROUND_UP;
    layer->exclusive = global || node.attrs.i("count_include_pad", 0) == 0;
    return true;
  }

  // One number, or one for each channel of [N,C,...]: how a scale layer takes them.
  std::optional<nvinfer1::ScaleMode> scale_mode(ValueId weights, ValueId x) const {
    const Extents dims = const_extents(shape(weights));
    const Shape& in = shape(x);
    if (element_count(dims) == 1 && dims.size() <= in.size()) return nvinfer1::ScaleMode::kUNIFORM;
    const bool channels = in.size() >= 4
                              ? dims.size() == 3 && in.size() == 4 && dims[1] == 1 &&
                                    dims[2] == 1 && in[1] == Dim(dims[0])
                              : in.size() == 2 && dims.size() == 1 && in[1] == Dim(dims[0]);
    if (channels) return nvinfer1::ScaleMode::kCHANNEL;
    return std::nullopt;
  }

  bool scale(const Node& node) {
    if (node.op == "BatchNormalization") return batch_norm(node);
    if ((node.op != "Mul" && node.op != "Add" && node.op != "Pow") || node.inputs.size() != 2)
      return false;
    const bool first = is_constant(node.inputs[0]);
    if (first == is_constant(node.inputs[1]) || (first && node.op == "Pow")) return false;
    const ValueId x = node.inputs[first ? 1 : 0], weights = node.inputs[first ? 0 : 1];
    const auto mode = scale_mode(weights, x);
    if (!mode) return false;
    auto* layer = typed<ScaleLayer>(node, {x});
    layer->mode = *mode;
    WeightSlot& slot = node.op == "Mul"   ? layer->scale
                       : node.op == "Add" ? layer->shift
                                          : layer->power;
    slot = WeightSlot(constant(weights));
    return true;
  }

  bool batch_norm(const Node& node) {
    for (size_t k = 1; k < 5; ++k)
      if (k >= node.inputs.size() || !is_constant(node.inputs[k])) return false;
    if (shape(node.inputs[0]).size() != 4) return false;
    const Tensor gain = constant(node.inputs[1]), bias = constant(node.inputs[2]);
    const Tensor mean = constant(node.inputs[3]), variance = constant(node.inputs[4]);
    const double epsilon = node.attrs.f("epsilon", 1e-5);
    Tensor scale(DType::kF32, gain.dims()), shift(DType::kF32, gain.dims());
    for (int64_t k = 0; k < gain.count(); ++k) {
      const double factor = gain.at(k) / std::sqrt(variance.at(k) + epsilon);
      store_element(DType::kF32, scale.mutable_data(), k, factor);
      store_element(DType::kF32, shift.mutable_data(), k, bias.at(k) - mean.at(k) * factor);
    }
    auto* layer = typed<ScaleLayer>(node, {node.inputs[0]});
    layer->mode = nvinfer1::ScaleMode::kCHANNEL;
    layer->scale = WeightSlot(scale);
    layer->shift = WeightSlot(shift);
    return true;
  }

  bool activation(const Node& node) {
    static const std::map<std::string, ActivationType> kKinds = {
        {"Relu", ActivationType::kRELU}, {"Sigmoid", ActivationType::kSIGMOID},
        {"Tanh", ActivationType::kTANH}, {"LeakyRelu", ActivationType::kLEAKY_RELU},
        {"Elu", ActivationType::kELU},   {"Softplus", ActivationType::kSOFTPLUS},
        {"Clip", ActivationType::kCLIP},
    };
    const auto kind = kKinds.find(node.op);
    if (kind == kKinds.end() || is_constant(node.inputs[0])) return false;
    if (node.op == "Clip" && !(node.attrs.has("min") && node.attrs.has("max"))) return false;
    auto* layer = typed<ActivationLayer>(node, {node.inputs[0]});
    layer->kind = kind->second;
    if (node.op == "LeakyRelu") layer->alpha = static_cast<float>(node.attrs.f("alpha", 0.01));
    if (node.op == "Elu") layer->alpha = static_cast<float>(node.attrs.f("alpha", 1));
    if (node.op == "Softplus") layer->alpha = layer->beta = 1;
    if (node.op == "Clip") {
      layer->alpha = static_cast<float>(node.attrs.f("min", 0));
      layer->beta = static_cast<float>(node.attrs.f("max", 0));
    }
    return true;
  }

  bool pointwise(const Node& node) {
    static const std::map<std::string, ElementWiseOperation> kTwo = {
        {"Add", ElementWiseOperation::kSUM}, {"Mul", ElementWiseOperation::kPROD},
        {"Max", ElementWiseOperation::kMAX}, {"Min", ElementWiseOperation::kMIN},
        {"Sub", ElementWiseOperation::kSUB}, {"Div", ElementWiseOperation::kDIV},
        {"Pow", ElementWiseOperation::kPOW},
    };
    static const std::map<std::string, UnaryOperation> kOne = {
        {"Abs", UnaryOperation::kABS},   {"Exp", UnaryOperation::kEXP},
        {"Log", UnaryOperation::kLOG},   {"Sqrt", UnaryOperation::kSQRT},
        {"Neg", UnaryOperation::kNEG},   {"Reciprocal", UnaryOperation::kRECIP},
        {"Ceil", UnaryOperation::kCEIL}, {"Floor", UnaryOperation::kFLOOR},
    };
    const auto two = kTwo.find(node.op);
    if (two != kTwo.end() && node.inputs.size() == 2 && !is_constant(node.inputs[0]) &&
        !is_constant(node.inputs[1]) &&
        shape(node.inputs[0]).size() == shape(node.inputs[1]).size()) {
      typed<ElementWiseLayer>(node, node.inputs)->operation = two->second;
      return true;
    }
    const auto one = kOne.find(node.op);
    if (one == kOne.end() || is_constant(node.inputs[0])) return false;
    typed<UnaryLayer>(node, {node.inputs[0]})->operation = one->second;
    return true;
  }

  // Softmax, LRN, concatenation: along axes that are not the batch.
  bool across(const Node& node) {
    const int64_t rank = static_cast<int64_t>(shape(node.outputs[0]).size());
    if (node.op == "LRN" && rank == 4) {
      auto* layer = typed<LRNLayer>(node, {node.inputs[0]});
      layer->size = static_cast<int>(node.attrs.i("size", 1));
      layer->alpha = static_cast<float>(node.attrs.f("alpha", 1e-4));
      layer->beta = static_cast<float>(node.attrs.f("beta", 0.75));
      layer->k = static_cast<float>(node.attrs.f("bias", 1));
      return true;
    }
    if (node.op != "Softmax" && node.op != "Concat") return false;
    int64_t axis = node.attrs.i("axis", node.op == "Softmax" ? -1 : 0);
    if (axis < 0) axis += rank;
    if (axis < 1) return false;
    if (node.op == "Softmax") {
      typed<SoftMaxLayer>(node, {node.inputs[0]})->axes = 1u << (axis - 1);
      return true;
    }
    for (const ValueId v : node.inputs)
      if (is_constant(v)) return false;
    typed<ConcatenationLayer>(node, node.inputs)->axis = static_cast<int>(axis - 1);
    return true;
  }

  bool plugin(const Node& node) {
    if (node.op != "TensorRTPlugin") return false;
    const std::shared_ptr<Plugin>& plugin = plugins_.at(node.attrs.s("layer", ""));
    if (plugin->v2())
      typed<PluginV2Layer>(node, node.inputs)->plugin = plugin;
    else
      typed<PluginLayer>(node, node.inputs)->plugin = plugin;
    return true;
  }

  void generic(const Node& node) {
    std::vector<ValueId> inputs;
    std::vector<GraphLayer::Operand> operands;
    for (const ValueId v : node.inputs) {
      GraphLayer::Operand o;
      if (is_constant(v)) {
        o.constant = constant(v);
      } else if (v.valid()) {
        o.input = static_cast<int>(inputs.size());
        o.rank = shape(v).size();
        inputs.push_back(v);
      }
      operands.push_back(std::move(o));
    }
    auto* layer = typed<GraphLayer>(node, inputs);
    layer->op = node.op;
    layer->attrs = node.attrs;
    layer->operands = std::move(operands);
  }

  NetworkCore& network_;
  const Graph& graph_;
  const std::map<std::string, std::shared_ptr<Plugin>>& plugins_;
  std::map<ValueId, TensorImpl*> tensors_;
  std::map<ValueId, ValueId> flattened_;  // output of a Flatten that is left out -> its input
};

}  // namespace

std::map<ValueId, TensorImpl*> add_graph(
    NetworkCore& network, const Graph& graph,
    const std::map<std::string, std::shared_ptr<Plugin>>& plugins) {
  return Translator(network, graph, plugins).run();
}

}  // namespace tenfold::trt
