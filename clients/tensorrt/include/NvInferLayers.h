// The layers of a network. A layer belongs to its network; every setter may be called until the
// engine is built, and what depends on it (dimensions) follows.
#pragma once

#include "NvInferLayerBase.h"
#include "NvInferPluginBase.h"
#include "NvInferShapeLayers.h"

namespace nvinfer1 {

// Kernel weights [maps, channels / groups, h, w]; a bias of count 0 is none.
class IConvolutionLayer : public ILayer {
 public:
  virtual void setKernelSize(DimsHW kernelSize) = 0;
  virtual DimsHW getKernelSize() const = 0;
  virtual void setNbOutputMaps(int nbOutputMaps) = 0;
  virtual int getNbOutputMaps() const = 0;
  virtual void setStride(DimsHW stride) = 0;
  virtual DimsHW getStride() const = 0;
  virtual void setPadding(DimsHW padding) = 0;
  virtual DimsHW getPadding() const = 0;
  virtual void setNbGroups(int nbGroups) = 0;
  virtual int getNbGroups() const = 0;
  virtual void setKernelWeights(Weights weights) = 0;
  virtual Weights getKernelWeights() const = 0;
  virtual void setBiasWeights(Weights weights) = 0;
  virtual Weights getBiasWeights() const = 0;
  virtual void setDilation(DimsHW dilation) = 0;
  virtual DimsHW getDilation() const = 0;
  virtual void setPrePadding(Dims padding) = 0;
  virtual Dims getPrePadding() const = 0;
  virtual void setPostPadding(Dims padding) = 0;
  virtual Dims getPostPadding() const = 0;
  virtual void setPaddingMode(PaddingMode paddingMode) = 0;
  virtual PaddingMode getPaddingMode() const = 0;

 protected:
  ~IConvolutionLayer() override {}
};

// Kernel weights [outputs, C * H * W]; the output is [outputs, 1, 1].
class IFullyConnectedLayer : public ILayer {
 public:
  virtual void setNbOutputChannels(int nbOutputs) = 0;
  virtual int getNbOutputChannels() const = 0;
  virtual void setKernelWeights(Weights weights) = 0;
  virtual Weights getKernelWeights() const = 0;
  virtual void setBiasWeights(Weights weights) = 0;
  virtual Weights getBiasWeights() const = 0;

 protected:
  ~IFullyConnectedLayer() override {}
};

enum class ActivationType : int {
  kRELU = 0,
  kSIGMOID = 1,
  kTANH = 2,
  kLEAKY_RELU = 3,
  kELU = 4,
  kSELU = 5,
  kSOFTSIGN = 6,
  kSOFTPLUS = 7,
  kCLIP = 8,
  kHARD_SIGMOID = 9,
  kSCALED_TANH = 10,
  kTHRESHOLDED_RELU = 11
};
template <>
inline int EnumMax<ActivationType>() {
  return 12;
}

class IActivationLayer : public ILayer {
 public:
  virtual void setActivationType(ActivationType type) = 0;
  virtual ActivationType getActivationType() const = 0;
  virtual void setAlpha(float alpha) = 0;
  virtual float getAlpha() const = 0;
  virtual void setBeta(float beta) = 0;
  virtual float getBeta() const = 0;

 protected:
  ~IActivationLayer() override {}
};

enum class PoolingType : int { kMAX = 0, kAVERAGE = 1, kMAX_AVERAGE_BLEND = 2 };
template <>
inline int EnumMax<PoolingType>() {
  return 3;
}

class IPoolingLayer : public ILayer {
 public:
  virtual void setPoolingType(PoolingType type) = 0;
  virtual PoolingType getPoolingType() const = 0;
  virtual void setWindowSize(DimsHW windowSize) = 0;
  virtual DimsHW getWindowSize() const = 0;
  virtual void setStride(DimsHW stride) = 0;
  virtual DimsHW getStride() const = 0;
  virtual void setPadding(DimsHW padding) = 0;
  virtual DimsHW getPadding() const = 0;
  virtual void setBlendFactor(float blendFactor) = 0;
  virtual float getBlendFactor() const = 0;
  virtual void setAverageCountExcludesPadding(bool exclusive) = 0;
  virtual bool getAverageCountExcludesPadding() const = 0;
  virtual void setPrePadding(Dims padding) = 0;
  virtual Dims getPrePadding() const = 0;
  virtual void setPostPadding(Dims padding) = 0;
  virtual Dims getPostPadding() const = 0;
  virtual void setPaddingMode(PaddingMode paddingMode) = 0;
  virtual PaddingMode getPaddingMode() const = 0;

 protected:
  ~IPoolingLayer() override {}
};

// Across channels: x / (k + alpha / windowSize * sum x^2)^beta.
class ILRNLayer : public ILayer {
 public:
  virtual void setWindowSize(int windowSize) = 0;
  virtual int getWindowSize() const = 0;
  virtual void setAlpha(float alpha) = 0;
  virtual float getAlpha() const = 0;
  virtual void setBeta(float beta) = 0;
  virtual float getBeta() const = 0;
  virtual void setK(float k) = 0;
  virtual float getK() const = 0;

 protected:
  ~ILRNLayer() override {}
};

enum class ScaleMode : int { kUNIFORM = 0, kCHANNEL = 1, kELEMENTWISE = 2 };
template <>
inline int EnumMax<ScaleMode>() {
  return 3;
}

// (x * scale + shift) ^ power; weights of count 0 are 1, 0 and 1.
class IScaleLayer : public ILayer {
 public:
  virtual void setMode(ScaleMode mode) = 0;
  virtual ScaleMode getMode() const = 0;
  virtual void setShift(Weights shift) = 0;
  virtual Weights getShift() const = 0;
  virtual void setScale(Weights scale) = 0;
  virtual Weights getScale() const = 0;
  virtual void setPower(Weights power) = 0;
  virtual Weights getPower() const = 0;

 protected:
  ~IScaleLayer() override {}
};

// Bit k of the axes is dimension k, without the batch. Unless set: channels.
class ISoftMaxLayer : public ILayer {
 public:
  virtual void setAxes(uint32_t axes) = 0;
  virtual uint32_t getAxes() const = 0;

 protected:
  ~ISoftMaxLayer() override {}
};

// Along a dimension counted without the batch. Unless set: channels.
class IConcatenationLayer : public ILayer {
 public:
  virtual void setAxis(int axis) = 0;
  virtual int getAxis() const = 0;

 protected:
  ~IConcatenationLayer() override {}
};

// Kernel weights [channels, maps / groups, h, w].
class IDeconvolutionLayer : public ILayer {
 public:
  virtual void setKernelSize(DimsHW kernelSize) = 0;
  virtual DimsHW getKernelSize() const = 0;
  virtual void setNbOutputMaps(int nbOutputMaps) = 0;
  virtual int getNbOutputMaps() const = 0;
  virtual void setStride(DimsHW stride) = 0;
  virtual DimsHW getStride() const = 0;
  virtual void setPadding(DimsHW padding) = 0;
  virtual DimsHW getPadding() const = 0;
  virtual void setNbGroups(int nbGroups) = 0;
  virtual int getNbGroups() const = 0;
  virtual void setKernelWeights(Weights weights) = 0;
  virtual Weights getKernelWeights() const = 0;
  virtual void setBiasWeights(Weights weights) = 0;
  virtual Weights getBiasWeights() const = 0;
  virtual void setPrePadding(Dims padding) = 0;
  virtual Dims getPrePadding() const = 0;
  virtual void setPostPadding(Dims padding) = 0;
  virtual Dims getPostPadding() const = 0;
  virtual void setPaddingMode(PaddingMode paddingMode) = 0;
  virtual PaddingMode getPaddingMode() const = 0;

 protected:
  ~IDeconvolutionLayer() override {}
};

enum class ElementWiseOperation : int {
  kSUM = 0,
  kPROD = 1,
  kMAX = 2,
  kMIN = 3,
  kSUB = 4,
  kDIV = 5,
  kPOW = 6
};
template <>
inline int EnumMax<ElementWiseOperation>() {
  return 7;
}

// Dimensions must be equal, or 1.
class IElementWiseLayer : public ILayer {
 public:
  virtual void setOperation(ElementWiseOperation type) = 0;
  virtual ElementWiseOperation getOperation() const = 0;

 protected:
  ~IElementWiseLayer() override {}
};

enum class UnaryOperation : int {
  kEXP = 0,
  kLOG = 1,
  kSQRT = 2,
  kRECIP = 3,
  kABS = 4,
  kNEG = 5,
  kSIN = 6,
  kCOS = 7,
  kTAN = 8,
  kSINH = 9,
  kCOSH = 10,
  kASIN = 11,
  kACOS = 12,
  kATAN = 13,
  kASINH = 14,
  kACOSH = 15,
  kATANH = 16,
  kCEIL = 17,
  kFLOOR = 18
};
template <>
inline int EnumMax<UnaryOperation>() {
  return 19;
}

class IUnaryLayer : public ILayer {
 public:
  virtual void setOperation(UnaryOperation op) = 0;
  virtual UnaryOperation getOperation() const = 0;

 protected:
  ~IUnaryLayer() override {}
};

class IPluginLayer : public ILayer {
 public:
  virtual IPlugin& getPlugin() = 0;

 protected:
  ~IPluginLayer() override {}
};

class IPluginV2Layer : public ILayer {
 public:
  virtual IPluginV2& getPlugin() = 0;

 protected:
  ~IPluginV2Layer() override {}
};

// The program's own rule for the output size of convolutions or poolings. Either function will do.
class IOutputDimensionsFormula {
 public:
  virtual DimsHW compute(DimsHW inputDims, DimsHW kernelSize, DimsHW stride, DimsHW padding,
                         DimsHW dilation, const char* layerName) const {
    (void)dilation;
    return compute(inputDims, kernelSize, stride, padding, layerName);
  }
  virtual DimsHW compute(DimsHW inputDims, DimsHW kernelSize, DimsHW stride, DimsHW padding,
                         const char* layerName) const {
    return compute(inputDims, kernelSize, stride, padding, DimsHW(1, 1), layerName);
  }
  virtual ~IOutputDimensionsFormula() {}
};

}  // namespace nvinfer1
