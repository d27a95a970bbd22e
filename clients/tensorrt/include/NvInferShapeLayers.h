// Layers that rearrange, select, reduce and multiply, those without inputs, and recurrent ones.
#pragma once

#include "NvInferLayerBase.h"

namespace nvinfer1 {

class IGatherLayer : public ILayer {
 public:
  virtual void setGatherAxis(int axis) = 0;
  virtual int getGatherAxis() const = 0;

 protected:
  ~IGatherLayer() override {}
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
 public:
  virtual unsigned getLayerCount() const = 0;
  virtual std::size_t getHiddenSize() const = 0;
  virtual int getSeqLength() const = 0;
  virtual int getDataLength() const = 0;
  virtual void setOperation(RNNOperation operation) = 0;
  virtual RNNOperation getOperation() const = 0;
  virtual void setInputMode(RNNInputMode mode) = 0;
  virtual RNNInputMode getInputMode() const = 0;
  virtual void setDirection(RNNDirection direction) = 0;
  virtual RNNDirection getDirection() const = 0;
  virtual void setWeights(Weights weights) = 0;
  virtual Weights getWeights() const = 0;
  virtual void setBias(Weights bias) = 0;
  virtual Weights getBias() const = 0;
  virtual void setHiddenState(ITensor& state) = 0;
  virtual ITensor* getHiddenState() const = 0;
  virtual void setCellState(ITensor& state) = 0;
  virtual ITensor* getCellState() const = 0;

 protected:
  ~IRNNLayer() override {}
};
class IRNNv2Layer : public ILayer {
 public:
  virtual int32_t getLayerCount() const = 0;
  virtual int32_t getHiddenSize() const = 0;
  virtual int32_t getMaxSeqLength() const = 0;
  virtual int32_t getDataLength() const = 0;
  virtual void setSequenceLengths(ITensor& lengths) = 0;
  virtual ITensor* getSequenceLengths() const = 0;
  virtual void setOperation(RNNOperation operation) = 0;
  virtual RNNOperation getOperation() const = 0;
  virtual void setInputMode(RNNInputMode mode) = 0;
  virtual RNNInputMode getInputMode() const = 0;
  virtual void setDirection(RNNDirection direction) = 0;
  virtual RNNDirection getDirection() const = 0;
  virtual void setWeightsForGate(int layer, RNNGateType gate, bool is_w, Weights weights) = 0;
  virtual Weights getWeightsForGate(int layer, RNNGateType gate, bool is_w) const = 0;
  virtual void setBiasForGate(int layer, RNNGateType gate, bool is_w, Weights bias) = 0;
  virtual Weights getBiasForGate(int layer, RNNGateType gate, bool is_w) const = 0;
  virtual void setHiddenState(ITensor& state) = 0;
  virtual ITensor* getHiddenState() const = 0;
  virtual void setCellState(ITensor& state) = 0;
  virtual ITensor* getCellState() const = 0;

 protected:
  ~IRNNv2Layer() override {}
};

}  // namespace nvinfer1
