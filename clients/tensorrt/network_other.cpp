// The rest of INetworkDefinition: plugins, formulas, access, and what is declared but not there.
#include "layers.h"

namespace tenfold::trt {
namespace {

// The size that windows give by default: rounded down.
class RoundDown final : public nvinfer1::IOutputDimensionsFormula {
 public:
  DimsHW compute(DimsHW in, DimsHW kernel, DimsHW stride, DimsHW padding, DimsHW dilation,
                 const char*) const override {
    DimsHW out;
    for (int k = 0; k < 2; ++k) {
      const int reach = dilation.d[k] * (kernel.d[k] - 1) + 1;
      out.d[k] = (in.d[k] + 2 * padding.d[k] - reach) / std::max(stride.d[k], 1) + 1;
    }
    return out;
  }
};
class RoundDownTransposed final : public nvinfer1::IOutputDimensionsFormula {
 public:
  DimsHW compute(DimsHW in, DimsHW kernel, DimsHW stride, DimsHW padding, DimsHW,
                 const char*) const override {
    DimsHW out;
    for (int k = 0; k < 2; ++k)
      out.d[k] = (in.d[k] - 1) * stride.d[k] + kernel.d[k] - 2 * padding.d[k];
    return out;
  }
};
RoundDown round_down;
RoundDownTransposed round_down_transposed;

template <class T>
T* at(const std::vector<T*>& list, int k) {
  return k < 0 || static_cast<size_t>(k) >= list.size() ? nullptr : list[static_cast<size_t>(k)];
}

template <class L, class P>
L* add_plugin(NetworkCore& core, const char* kind, ITensor* const* inputs, int count, P& plugin) {
  return guarded(core.log, "addPlugin", static_cast<L*>(nullptr), [&] {
    if (count < 0 || (count > 0 && !inputs)) throw Error(Code::kInvalid, "no inputs");
    if (!given(plugin)) throw Error(Code::kInvalid, "the plugin is null");
    std::vector<TensorImpl*> list;
    for (int k = 0; k < count; ++k) {
      if (!inputs[k]) throw Error(Code::kInvalid, "an input tensor is null");
      list.push_back(impl(inputs[k]));
    }
    auto layer = std::make_unique<L>(core, core.default_name(kind));
    layer->plugin = Plugin::of(plugin);
    const int outputs = layer->plugin->output_count();
    if (outputs < 1) throw Error(Code::kInvalid, "the plugin has no outputs");
    return core.add(std::move(layer), std::move(list), static_cast<size_t>(outputs));
  });
}

template <class T>
T* unavailable(const NetworkCore& core, const char* what) {
  core.log.error(std::string(what) +
                 ": this layer is not available yet\n"
                 "note: a plugin of the program's own can stand for it");
  return nullptr;
}

}  // namespace

nvinfer1::IPluginLayer* NetworkImpl::addPlugin(ITensor* const* inputs, int count,
                                               nvinfer1::IPlugin& plugin) {
  return add_plugin<PluginLayer>(core, "Plugin", inputs, count, plugin);
}

nvinfer1::IPluginLayer* NetworkImpl::addPluginExt(ITensor* const* inputs, int count,
                                                  nvinfer1::IPluginExt& plugin) {
  return add_plugin<PluginLayer>(core, "Plugin", inputs, count, plugin);
}

nvinfer1::IPluginV2Layer* NetworkImpl::addPluginV2(ITensor* const* inputs, int count,
                                                   nvinfer1::IPluginV2& plugin) {
  return add_plugin<PluginV2Layer>(core, "PluginV2", inputs, count, plugin);
}

nvinfer1::IRNNLayer* NetworkImpl::addRNN(ITensor&, int, std::size_t, int, nvinfer1::RNNOperation,
                                         nvinfer1::RNNInputMode, nvinfer1::RNNDirection, Weights,
                                         Weights) {
  return unavailable<nvinfer1::IRNNLayer>(core, "addRNN");
}
nvinfer1::IRNNv2Layer* NetworkImpl::addRNNv2(ITensor&, int32_t, int32_t, int32_t,
                                             nvinfer1::RNNOperation) {
  return unavailable<nvinfer1::IRNNv2Layer>(core, "addRNNv2");
}
nvinfer1::IRaggedSoftMaxLayer* NetworkImpl::addRaggedSoftMax(ITensor&, ITensor&) {
  return unavailable<nvinfer1::IRaggedSoftMaxLayer>(core, "addRaggedSoftMax");
}

void NetworkImpl::setPoolingOutputDimensionsFormula(nvinfer1::IOutputDimensionsFormula* formula) {
  core.pooling_formula = formula;
  core.changed();
}
void NetworkImpl::setConvolutionOutputDimensionsFormula(
    nvinfer1::IOutputDimensionsFormula* formula) {
  core.convolution_formula = formula;
  core.changed();
}
void NetworkImpl::setDeconvolutionOutputDimensionsFormula(
    nvinfer1::IOutputDimensionsFormula* formula) {
  core.deconvolution_formula = formula;
  core.changed();
}
nvinfer1::IOutputDimensionsFormula& NetworkImpl::getPoolingOutputDimensionsFormula() const {
  return core.pooling_formula ? *core.pooling_formula : round_down;
}
nvinfer1::IOutputDimensionsFormula& NetworkImpl::getConvolutionOutputDimensionsFormula() const {
  return core.convolution_formula ? *core.convolution_formula : round_down;
}
nvinfer1::IOutputDimensionsFormula& NetworkImpl::getDeconvolutionOutputDimensionsFormula() const {
  return core.deconvolution_formula
             ? *core.deconvolution_formula
             : static_cast<nvinfer1::IOutputDimensionsFormula&>(round_down_transposed);
}

nvinfer1::ILayer* NetworkImpl::getLayer(int k) const {
  if (k < 0 || static_cast<size_t>(k) >= core.layers.size()) return nullptr;
  return core.layers[static_cast<size_t>(k)]->facade();
}
ITensor* NetworkImpl::getInput(int k) const { return at(core.inputs, k); }
ITensor* NetworkImpl::getOutput(int k) const { return at(core.outputs, k); }

}  // namespace tenfold::trt
