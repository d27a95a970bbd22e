// Tensors and layers of a network. A layer belongs to its network; every setter may be called until
// the engine is built, and what depends on it (dimensions) follows.
#pragma once

#include "NvInferRuntimeCommon.h"

namespace nvinfer1 {

enum class LayerType : int {
  kCONVOLUTION = 0,
  kFULLY_CONNECTED = 1,
  kACTIVATION = 2,
  kPOOLING = 3,
  kLRN = 4,
  kSCALE = 5,
  kSOFTMAX = 6,
  kDECONVOLUTION = 7,
  kCONCATENATION = 8,
  kELEMENTWISE = 9,
  kPLUGIN = 10,
  kRNN = 11,
  kUNARY = 12,
  kPADDING = 13,
  kSHUFFLE = 14,
  kREDUCE = 15,
  kTOPK = 16,
  kGATHER = 17,
  kMATRIX_MULTIPLY = 18,
  kRAGGED_SOFTMAX = 19,
  kCONSTANT = 20,
  kRNN_V2 = 21,
  kIDENTITY = 22,
  kPLUGIN_V2 = 23,
  kSLICE = 24
};
template <>
inline int EnumMax<LayerType>() {
  return 25;
}

// A tensor: an input of the network, or a layer's output.
class ITensor {
 public:
  virtual void setName(const char* name) = 0;
  virtual const char* getName() const = 0;
  virtual void setDimensions(Dims dimensions) = 0;  // of network inputs only
  // Without the batch; nbDims is 0 if the layers before it do not fit together.
  virtual Dims getDimensions() const = 0;
  virtual void setType(DataType type) = 0;  // of network inputs and outputs
  virtual DataType getType() const = 0;
  virtual bool isNetworkInput() const = 0;
  virtual bool isNetworkOutput() const = 0;
  // Ranges for INT8; kept, not yet used.
  virtual bool setDynamicRange(float min, float max) = 0;
  virtual float getDynamicRange() const = 0;
  virtual bool dynamicRangeIsSet() const = 0;
  virtual void resetDynamicRange() = 0;
  virtual float getDynamicRangeMin() const = 0;
  virtual float getDynamicRangeMax() const = 0;
  virtual void setBroadcastAcrossBatch(bool broadcastAcrossBatch) = 0;
  virtual bool getBroadcastAcrossBatch() const = 0;
  virtual TensorLocation getLocation() const = 0;
  virtual void setLocation(TensorLocation location) = 0;

 protected:
  virtual ~ITensor() {}
};

class ILayer {
 public:
  virtual LayerType getType() const = 0;
  virtual void setName(const char* name) = 0;
  virtual const char* getName() const = 0;
  virtual int getNbInputs() const = 0;
  virtual ITensor* getInput(int index) const = 0;
  virtual int getNbOutputs() const = 0;
  virtual ITensor* getOutput(int index) const = 0;
  // Rewires an input, to any tensor of the network: the order of the layers is not that of
  // execution.
  virtual void setInput(int index, ITensor& tensor) = 0;
  // Wishes for precisions; kept, not yet used.
  virtual void setPrecision(DataType dataType) = 0;
  virtual DataType getPrecision() const = 0;
  virtual bool precisionIsSet() const = 0;
  virtual void resetPrecision() = 0;
  virtual void setOutputType(int index, DataType dataType) = 0;
  virtual DataType getOutputType(int index) const = 0;
  virtual bool outputTypeIsSet(int index) const = 0;
  virtual void resetOutputType(int index) = 0;

 protected:
  virtual ~ILayer() {}
};

// How windows meet the borders. Unless set, sizes round down; a Caffe model's poolings round up.
enum class PaddingMode : int {
  kEXPLICIT_ROUND_DOWN = 0,
  kEXPLICIT_ROUND_UP = 1,
  kSAME_UPPER = 2,
  kSAME_LOWER = 3,
  kCAFFE_ROUND_DOWN = 4,
  kCAFFE_ROUND_UP = 5
};
template <>
inline int EnumMax<PaddingMode>() {
  return 6;
}

}  // namespace nvinfer1
