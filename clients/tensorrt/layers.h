// The typed layers. Their properties are the interface's; emit() says what each computes.
#pragma once

#include "layer.h"
#include "plugin.h"

namespace tenfold::trt {

using nvinfer1::PaddingMode;

// Where convolution and pooling windows go.
struct WindowShape {
  DimsHW kernel, stride{1, 1}, dilation{1, 1};
  Dims pre = DimsHW(0, 0), post = DimsHW(0, 0);
  PaddingMode mode = PaddingMode::kEXPLICIT_ROUND_DOWN;
};

#define TRT_PADDING()                                                                     \
  void setPadding(DimsHW value) override {                                                \
    window.pre = window.post = value;                                                     \
    changed();                                                                            \
  }                                                                                       \
  DimsHW getPadding() const override { return DimsHW(window.pre.d[0], window.pre.d[1]); } \
  TRT_FIELD(DimsHW, Stride, window.stride)                                                \
  TRT_FIELD(Dims, PrePadding, window.pre)                                                 \
  TRT_FIELD(Dims, PostPadding, window.post)                                               \
  TRT_FIELD(PaddingMode, PaddingMode, window.mode)

class ConvolutionLayer final
    : public LayerOf<nvinfer1::IConvolutionLayer, LayerType::kCONVOLUTION> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override;
  WindowShape window;
  TRT_FIELD(DimsHW, KernelSize, window.kernel)
  TRT_FIELD(DimsHW, Dilation, window.dilation)
  TRT_PADDING()
  TRT_PROPERTY(int, NbOutputMaps, maps, 0)
  TRT_PROPERTY(int, NbGroups, groups, 1)
  TRT_WEIGHTS(KernelWeights, kernel)
  TRT_WEIGHTS(BiasWeights, bias)
};

class DeconvolutionLayer final
    : public LayerOf<nvinfer1::IDeconvolutionLayer, LayerType::kDECONVOLUTION> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override;
  WindowShape window;
  TRT_FIELD(DimsHW, KernelSize, window.kernel)
  TRT_PADDING()
  TRT_PROPERTY(int, NbOutputMaps, maps, 0)
  TRT_PROPERTY(int, NbGroups, groups, 1)
  TRT_WEIGHTS(KernelWeights, kernel)
  TRT_WEIGHTS(BiasWeights, bias)
};

class PoolingLayer final : public LayerOf<nvinfer1::IPoolingLayer, LayerType::kPOOLING> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override;
  WindowShape window;
  TRT_FIELD(DimsHW, WindowSize, window.kernel)
  TRT_PADDING()
  TRT_PROPERTY(nvinfer1::PoolingType, PoolingType, kind, nvinfer1::PoolingType::kMAX)
  TRT_PROPERTY(float, BlendFactor, blend, 0)
  TRT_PROPERTY(bool, AverageCountExcludesPadding, exclusive, true)

 private:
  ValueId pool(Emitter& emitter, bool average, ValueId x, const Attrs& attrs,
               const std::string& suffix);
};

class FullyConnectedLayer final
    : public LayerOf<nvinfer1::IFullyConnectedLayer, LayerType::kFULLY_CONNECTED> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override;
  TRT_PROPERTY(int, NbOutputChannels, channels, 0)
  TRT_WEIGHTS(KernelWeights, kernel)
  TRT_WEIGHTS(BiasWeights, bias)
};

class MatrixMultiplyLayer final
    : public LayerOf<nvinfer1::IMatrixMultiplyLayer, LayerType::kMATRIX_MULTIPLY> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override;
  void setOperation(int index, nvinfer1::MatrixOperation op) override;
  nvinfer1::MatrixOperation getOperation(int index) const override;
  void setTranspose(int index, bool value) override;
  bool getTranspose(int index) const override;
  nvinfer1::MatrixOperation ops[2] = {nvinfer1::MatrixOperation::kNONE,
                                      nvinfer1::MatrixOperation::kNONE};

 private:
  ValueId operand(Emitter& emitter, int index);
};

class ActivationLayer final : public LayerOf<nvinfer1::IActivationLayer, LayerType::kACTIVATION> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override;
  TRT_PROPERTY(nvinfer1::ActivationType, ActivationType, kind, nvinfer1::ActivationType::kRELU)
  TRT_PROPERTY(float, Alpha, alpha, 0)
  TRT_PROPERTY(float, Beta, beta, 0)
};

class ScaleLayer final : public LayerOf<nvinfer1::IScaleLayer, LayerType::kSCALE> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override;
  TRT_PROPERTY(nvinfer1::ScaleMode, Mode, mode, nvinfer1::ScaleMode::kUNIFORM)
  TRT_WEIGHTS(Shift, shift)
  TRT_WEIGHTS(Scale, scale)
  TRT_WEIGHTS(Power, power)
};

class ElementWiseLayer final
    : public LayerOf<nvinfer1::IElementWiseLayer, LayerType::kELEMENTWISE> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override;
  TRT_PROPERTY(nvinfer1::ElementWiseOperation, Operation, operation,
               nvinfer1::ElementWiseOperation::kSUM)
};

class UnaryLayer final : public LayerOf<nvinfer1::IUnaryLayer, LayerType::kUNARY> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override;
  TRT_PROPERTY(nvinfer1::UnaryOperation, Operation, operation, nvinfer1::UnaryOperation::kEXP)
};

class LRNLayer final : public LayerOf<nvinfer1::ILRNLayer, LayerType::kLRN> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override;
  TRT_PROPERTY(int, WindowSize, size, 1)
  TRT_PROPERTY(float, Alpha, alpha, 1)
  TRT_PROPERTY(float, Beta, beta, 0.75f)
  TRT_PROPERTY(float, K, k, 1)
};

class SoftMaxLayer final : public LayerOf<nvinfer1::ISoftMaxLayer, LayerType::kSOFTMAX> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override;
  void setAxes(uint32_t value) override;
  uint32_t getAxes() const override;
  uint32_t axes = 0;  // 0: channels
};

class ConcatenationLayer final
    : public LayerOf<nvinfer1::IConcatenationLayer, LayerType::kCONCATENATION> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override;
  void setAxis(int value) override;
  int getAxis() const override;
  int axis = -1;  // -1: channels
};

class ReduceLayer final : public LayerOf<nvinfer1::IReduceLayer, LayerType::kREDUCE> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override;
  TRT_PROPERTY(nvinfer1::ReduceOperation, Operation, operation, nvinfer1::ReduceOperation::kSUM)
  TRT_PROPERTY(uint32_t, ReduceAxes, axes, 0)
  TRT_PROPERTY(bool, KeepDimensions, keep, false)
};

class TopKLayer final : public LayerOf<nvinfer1::ITopKLayer, LayerType::kTOPK> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override;
  TRT_PROPERTY(nvinfer1::TopKOperation, Operation, operation, nvinfer1::TopKOperation::kMAX)
  TRT_PROPERTY(int, K, k, 1)
  TRT_PROPERTY(uint32_t, ReduceAxes, axes, 0)
};

class PaddingLayer final : public LayerOf<nvinfer1::IPaddingLayer, LayerType::kPADDING> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override;
  TRT_PROPERTY(DimsHW, PrePadding, pre, DimsHW())
  TRT_PROPERTY(DimsHW, PostPadding, post, DimsHW())
};

class ShuffleLayer final : public LayerOf<nvinfer1::IShuffleLayer, LayerType::kSHUFFLE> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override;
  void setFirstTranspose(nvinfer1::Permutation value) override;
  nvinfer1::Permutation getFirstTranspose() const override;
  void setReshapeDimensions(Dims value) override;
  Dims getReshapeDimensions() const override;
  void setSecondTranspose(nvinfer1::Permutation value) override;
  nvinfer1::Permutation getSecondTranspose() const override;
  std::optional<nvinfer1::Permutation> first, second;
  std::optional<Dims> reshape;
};

class SliceLayer final : public LayerOf<nvinfer1::ISliceLayer, LayerType::kSLICE> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override;
  TRT_PROPERTY(Dims, Start, start, Dims())
  TRT_PROPERTY(Dims, Size, size, Dims())
  TRT_PROPERTY(Dims, Stride, stride, Dims())
};

class GatherLayer final : public LayerOf<nvinfer1::IGatherLayer, LayerType::kGATHER> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override;
  TRT_PROPERTY(int, GatherAxis, axis, 0)
};

class ConstantLayer final : public LayerOf<nvinfer1::IConstantLayer, LayerType::kCONSTANT> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override;
  TRT_WEIGHTS(Weights, weights)
  TRT_PROPERTY(Dims, Dimensions, dimensions, Dims())
};

class IdentityLayer final : public LayerOf<nvinfer1::IIdentityLayer, LayerType::kIDENTITY> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override;
};

// A node of an imported graph that no typed layer describes.
class GraphLayer final : public LayerOf<nvinfer1::IIdentityLayer, LayerType::kIDENTITY> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override;
  struct Operand {
    int input = -1;        // of the layer; -1: a constant, or absent
    size_t rank = 0;       // that the node expects, batch included
    Tensor constant;
  };
  std::string op;
  Attrs attrs;
  std::vector<Operand> operands;
};

class PluginLayer final : public LayerOf<nvinfer1::IPluginLayer, LayerType::kPLUGIN> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override { emit_plugin(emitter, *this, plugin); }
  nvinfer1::IPlugin& getPlugin() override { return *plugin->v1(); }
  std::shared_ptr<Plugin> plugin;
};

class PluginV2Layer final : public LayerOf<nvinfer1::IPluginV2Layer, LayerType::kPLUGIN_V2> {
 public:
  using LayerOf::LayerOf;
  void emit(Emitter& emitter) override { emit_plugin(emitter, *this, plugin); }
  nvinfer1::IPluginV2& getPlugin() override { return *plugin->v2(); }
  std::shared_ptr<Plugin> plugin;
};

}  // namespace tenfold::trt
