// A network: owner of layers and tensors.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "emitter.h"
#include "log.h"
#include "tensor.h"

namespace tenfold::trt {

class LayerCore;

// The data of a network; NetworkImpl is its interface.
class NetworkCore {
 public:
  explicit NetworkCore(Log log_);
  ~NetworkCore();
  NetworkCore(const NetworkCore&) = delete;

  // Takes the layer over, wires it and makes its outputs.
  template <class L>
  L* add(std::unique_ptr<L> layer, std::vector<TensorImpl*> inputs, size_t output_count = 1) {
    L* raw = layer.get();
    adopt(std::move(layer), std::move(inputs), output_count);
    return raw;
  }
  // "(Unnamed Layer* 3) [Pooling]".
  std::string default_name(const char* kind) const;
  TensorImpl* add_input(const std::string& name, DataType type, const Extents& dims);
  void mark_output(TensorImpl& tensor);
  void unmark_output(TensorImpl& tensor);
  int64_t number_of(const LayerCore& layer) const;  // its place among the layers
  // An edit: what was inferred is inferred anew.
  void changed() { shapes_.reset(); }
  // Null, with the reason logged once, if the tensor's layers do not fit together.
  const Emitted* infer(const TensorImpl& tensor);

  const Log log;
  std::vector<std::unique_ptr<LayerCore>> layers;
  std::vector<std::unique_ptr<TensorImpl>> tensors;
  std::vector<TensorImpl*> inputs, outputs;
  bool single_item = false;  // a parsed model's batch is fixed at 1
  nvinfer1::IOutputDimensionsFormula* pooling_formula = nullptr;
  nvinfer1::IOutputDimensionsFormula* convolution_formula = nullptr;
  nvinfer1::IOutputDimensionsFormula* deconvolution_formula = nullptr;

 private:
  void adopt(std::unique_ptr<LayerCore> layer, std::vector<TensorImpl*> inputs, size_t outputs);
  std::unique_ptr<Emitter> shapes_;
  std::string last_error_;
};

class NetworkImpl final : public nvinfer1::INetworkDefinition, public Owned<NetworkImpl> {
 public:
  explicit NetworkImpl(Log log) : core(log) {}
  NetworkCore core;

  ITensor* addInput(const char* name, DataType type, Dims dimensions) override;
  void markOutput(ITensor& tensor) override;
  nvinfer1::IConvolutionLayer* addConvolution(ITensor& input, int maps, DimsHW kernel,
                                              Weights weights, Weights bias) override;
  nvinfer1::IFullyConnectedLayer* addFullyConnected(ITensor& input, int outputs, Weights weights,
                                                    Weights bias) override;
  nvinfer1::IActivationLayer* addActivation(ITensor& input, nvinfer1::ActivationType type) override;
  nvinfer1::IPoolingLayer* addPooling(ITensor& input, nvinfer1::PoolingType type,
                                      DimsHW window) override;
  nvinfer1::ILRNLayer* addLRN(ITensor& input, int window, float alpha, float beta,
                              float k) override;
  nvinfer1::IScaleLayer* addScale(ITensor& input, nvinfer1::ScaleMode mode, Weights shift,
                                  Weights scale, Weights power) override;
  nvinfer1::ISoftMaxLayer* addSoftMax(ITensor& input) override;
  nvinfer1::IConcatenationLayer* addConcatenation(ITensor* const* inputs, int count) override;
  nvinfer1::IDeconvolutionLayer* addDeconvolution(ITensor& input, int maps, DimsHW kernel,
                                                  Weights weights, Weights bias) override;
  nvinfer1::IElementWiseLayer* addElementWise(ITensor& a, ITensor& b,
                                              nvinfer1::ElementWiseOperation op) override;
  nvinfer1::IRNNLayer* addRNN(ITensor&, int, std::size_t, int, nvinfer1::RNNOperation,
                              nvinfer1::RNNInputMode, nvinfer1::RNNDirection, Weights,
                              Weights) override;
  nvinfer1::IPluginLayer* addPlugin(ITensor* const* inputs, int count,
                                    nvinfer1::IPlugin& plugin) override;
  nvinfer1::IUnaryLayer* addUnary(ITensor& input, nvinfer1::UnaryOperation operation) override;
  nvinfer1::IPaddingLayer* addPadding(ITensor& input, DimsHW pre, DimsHW post) override;
  nvinfer1::IShuffleLayer* addShuffle(ITensor& input) override;
  void setPoolingOutputDimensionsFormula(nvinfer1::IOutputDimensionsFormula* formula) override;
  nvinfer1::IOutputDimensionsFormula& getPoolingOutputDimensionsFormula() const override;
  void setConvolutionOutputDimensionsFormula(nvinfer1::IOutputDimensionsFormula* formula) override;
  nvinfer1::IOutputDimensionsFormula& getConvolutionOutputDimensionsFormula() const override;
  void setDeconvolutionOutputDimensionsFormula(
      nvinfer1::IOutputDimensionsFormula* formula) override;
  nvinfer1::IOutputDimensionsFormula& getDeconvolutionOutputDimensionsFormula() const override;
  int getNbLayers() const override { return static_cast<int>(core.layers.size()); }
  nvinfer1::ILayer* getLayer(int index) const override;
  int getNbInputs() const override { return static_cast<int>(core.inputs.size()); }
  ITensor* getInput(int index) const override;
  int getNbOutputs() const override { return static_cast<int>(core.outputs.size()); }
  ITensor* getOutput(int index) const override;
  void destroy() override { give_back(); }
  nvinfer1::IReduceLayer* addReduce(ITensor& input, nvinfer1::ReduceOperation operation,
                                    uint32_t axes, bool keep) override;
  nvinfer1::ITopKLayer* addTopK(ITensor& input, nvinfer1::TopKOperation op, int k,
                                uint32_t axes) override;
  nvinfer1::IGatherLayer* addGather(ITensor& data, ITensor& indices, int axis) override;
  nvinfer1::IRaggedSoftMaxLayer* addRaggedSoftMax(ITensor& input, ITensor& bounds) override;
  nvinfer1::IMatrixMultiplyLayer* addMatrixMultiply(ITensor& a, nvinfer1::MatrixOperation op_a,
                                                    ITensor& b,
                                                    nvinfer1::MatrixOperation op_b) override;
  nvinfer1::IMatrixMultiplyLayer* addMatrixMultiply(ITensor& a, bool transpose_a, ITensor& b,
                                                    bool transpose_b) override;
  nvinfer1::IConstantLayer* addConstant(Dims dimensions, Weights weights) override;
  nvinfer1::IRNNv2Layer* addRNNv2(ITensor&, int32_t, int32_t, int32_t,
                                  nvinfer1::RNNOperation) override;
  nvinfer1::IPluginLayer* addPluginExt(ITensor* const* inputs, int count,
                                       nvinfer1::IPluginExt& plugin) override;
  nvinfer1::IIdentityLayer* addIdentity(ITensor& input) override;
  void removeTensor(ITensor& tensor) override;
  void unmarkOutput(ITensor& tensor) override;
  nvinfer1::IPluginV2Layer* addPluginV2(ITensor* const* inputs, int count,
                                        nvinfer1::IPluginV2& plugin) override;
  nvinfer1::ISliceLayer* addSlice(ITensor& input, Dims start, Dims size, Dims stride) override;

 private:
  // Adds a layer whose inputs are checked; null with a message on null or foreign tensors.
  template <class L>
  L* make(const char* kind, std::vector<ITensor*> inputs, size_t outputs = 1);
  template <class L>
  L* make_convolution(const char* kind, ITensor& input, int maps, DimsHW kernel, Weights weights,
                      Weights bias);
};

inline TensorImpl* impl(ITensor* tensor) { return static_cast<TensorImpl*>(tensor); }

}  // namespace tenfold::trt
