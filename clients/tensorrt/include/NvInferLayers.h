// The layers of a network. A layer belongs to its network; every setter may be called until the
// engine is built, and what depends on it (dimensions) follows.
#pragma once

#include "NvInferLayerBase.h"
#include "NvInferPluginBase.h"

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

class IGatherLayer : public ILayer {
 public:
  virtual void setGatherAxis(int axis) = 0;
  virtual int getGatherAxis() const = 0;

 protected:
  ~IGatherLayer() override {}
};

enum class RNNOperation : int { kRELU = 0, kTANH = 1, kLSTM = 2, kGRU = 3 };
template <>
inline int EnumMax<RNNOperation>() {
  return 4;
}

enum class RNNDirection : int { kUNIDIRECTION = 0, kBIDIRECTION = 1 };
template <>
inline int EnumMax<RNNDirection>() {
  return 2;
}

enum class RNNInputMode : int { kLINEAR = 0, kSKIP = 1 };
template <>
inline int EnumMax<RNNInputMode>() {
  return 2;
}

enum class RNNGateType : int {
  kINPUT = 0,
  kOUTPUT = 1,
  kFORGET = 2,
  kUPDATE = 3,
  kRESET = 4,
  kCELL = 5,
  kHIDDEN = 6
};
template <>
inline int EnumMax<RNNGateType>() {
  return 7;
}

// Recurrent layers: declared so that programs compile; adding one fails with a message.
class IRNNLayer : public ILayer {
 protected:
  ~IRNNLayer() override {}
};
class IRNNv2Layer : public ILayer {
 protected:
  ~IRNNv2Layer() override {}
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

enum class ReduceOperation : int { kSUM = 0, kPROD = 1, kMAX = 2, kMIN = 3, kAVG = 4 };
template <>
inline int EnumMax<ReduceOperation>() {
  return 5;
}

// Bit k of the axes is dimension k, without the batch.
class IReduceLayer : public ILayer {
 public:
  virtual void setOperation(ReduceOperation op) = 0;
  virtual ReduceOperation getOperation() const = 0;
  virtual void setReduceAxes(uint32_t reduceAxes) = 0;
  virtual uint32_t getReduceAxes() const = 0;
  virtual void setKeepDimensions(bool keepDimensions) = 0;
  virtual bool getKeepDimensions() const = 0;

 protected:
  ~IReduceLayer() override {}
};

// Zeros around the last two dimensions; negative padding crops.
class IPaddingLayer : public ILayer {
 public:
  virtual void setPrePadding(DimsHW padding) = 0;
  virtual DimsHW getPrePadding() const = 0;
  virtual void setPostPadding(DimsHW padding) = 0;
  virtual DimsHW getPostPadding() const = 0;

 protected:
  ~IPaddingLayer() override {}
};

struct Permutation {
  int order[Dims::MAX_DIMS];  // dimension k of the result is dimension order[k], without the batch
};

// Transpose, reshape (0 copies, -1 infers), transpose; each step only if set.
class IShuffleLayer : public ILayer {
 public:
  virtual void setFirstTranspose(Permutation permutation) = 0;
  virtual Permutation getFirstTranspose() const = 0;
  virtual void setReshapeDimensions(Dims dimensions) = 0;
  virtual Dims getReshapeDimensions() const = 0;
  virtual void setSecondTranspose(Permutation permutation) = 0;
  virtual Permutation getSecondTranspose() const = 0;

 protected:
  ~IShuffleLayer() override {}
};

class ISliceLayer : public ILayer {
 public:
  virtual void setStart(Dims start) = 0;
  virtual Dims getStart() const = 0;
  virtual void setSize(Dims size) = 0;
  virtual Dims getSize() const = 0;
  virtual void setStride(Dims stride) = 0;
  virtual Dims getStride() const = 0;

 protected:
  ~ISliceLayer() override {}
};

enum class TopKOperation : int { kMAX = 0, kMIN = 1 };
template <>
inline int EnumMax<TopKOperation>() {
  return 2;
}

// Outputs: values, then indices (kINT32).
class ITopKLayer : public ILayer {
 public:
  virtual void setOperation(TopKOperation op) = 0;
  virtual TopKOperation getOperation() const = 0;
  virtual void setK(int k) = 0;
  virtual int getK() const = 0;
  virtual void setReduceAxes(uint32_t reduceAxes) = 0;
  virtual uint32_t getReduceAxes() const = 0;

 protected:
  ~ITopKLayer() override {}
};

enum class MatrixOperation : int { kNONE = 0, kTRANSPOSE = 1, kVECTOR = 2 };
template <>
inline int EnumMax<MatrixOperation>() {
  return 3;
}

class IMatrixMultiplyLayer : public ILayer {
 public:
  virtual void setOperation(int index, MatrixOperation op) = 0;
  virtual MatrixOperation getOperation(int index) const = 0;
  virtual void setTranspose(int index, bool val) = 0;
  virtual bool getTranspose(int index) const = 0;

 protected:
  ~IMatrixMultiplyLayer() override {}
};

class IRaggedSoftMaxLayer : public ILayer {
 protected:
  ~IRaggedSoftMaxLayer() override {}
};
class IIdentityLayer : public ILayer {
 protected:
  ~IIdentityLayer() override {}
};

// The same for every item of the batch.
class IConstantLayer : public ILayer {
 public:
  virtual void setWeights(Weights weights) = 0;
  virtual Weights getWeights() const = 0;
  virtual void setDimensions(Dims dimensions) = 0;
  virtual Dims getDimensions() const = 0;

 protected:
  ~IConstantLayer() override {}
};

}  // namespace nvinfer1
