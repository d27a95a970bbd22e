// TensorRT's builder interface, generations 2 to 5, on Tenfold: a network is described by layers or
// filled by a parser, and built into an engine. No exception leaves a call: failures are logged and
// answered with null or false.
#pragma once

#include "NvInferLayers.h"
#include "NvInferRuntime.h"

namespace nvinfer1 {

// A network: layers in any order, tensors between them. Dimensions are those of one item of a
// batch.
class INetworkDefinition {
 public:
  virtual ITensor* addInput(const char* name, DataType type, Dims dimensions) = 0;
  virtual void markOutput(ITensor& tensor) = 0;
  virtual IConvolutionLayer* addConvolution(ITensor& input, int nbOutputMaps, DimsHW kernelSize,
                                            Weights kernelWeights, Weights biasWeights) = 0;
  virtual IFullyConnectedLayer* addFullyConnected(ITensor& input, int nbOutputs,
                                                  Weights kernelWeights, Weights biasWeights) = 0;
  virtual IActivationLayer* addActivation(ITensor& input, ActivationType type) = 0;
  virtual IPoolingLayer* addPooling(ITensor& input, PoolingType type, DimsHW windowSize) = 0;
  virtual ILRNLayer* addLRN(ITensor& input, int window, float alpha, float beta, float k) = 0;
  virtual IScaleLayer* addScale(ITensor& input, ScaleMode mode, Weights shift, Weights scale,
                                Weights power) = 0;
  virtual ISoftMaxLayer* addSoftMax(ITensor& input) = 0;
  virtual IConcatenationLayer* addConcatenation(ITensor* const* inputs, int nbInputs) = 0;
  virtual IDeconvolutionLayer* addDeconvolution(ITensor& input, int nbOutputMaps, DimsHW kernelSize,
                                                Weights kernelWeights, Weights biasWeights) = 0;
  virtual IElementWiseLayer* addElementWise(ITensor& input1, ITensor& input2,
                                            ElementWiseOperation op) = 0;
  virtual IRNNLayer* addRNN(ITensor& inputs, int layerCount, std::size_t hiddenSize, int maxSeqLen,
                            RNNOperation op, RNNInputMode mode, RNNDirection dir, Weights weights,
                            Weights bias) = 0;
  virtual IPluginLayer* addPlugin(ITensor* const* inputs, int nbInputs, IPlugin& plugin) = 0;
  virtual IUnaryLayer* addUnary(ITensor& input, UnaryOperation operation) = 0;
  virtual IPaddingLayer* addPadding(ITensor& input, DimsHW prePadding, DimsHW postPadding) = 0;
  virtual IShuffleLayer* addShuffle(ITensor& input) = 0;
  // The formulas are borrowed; null restores the own rule.
  virtual void setPoolingOutputDimensionsFormula(IOutputDimensionsFormula* formula) = 0;
  virtual IOutputDimensionsFormula& getPoolingOutputDimensionsFormula() const = 0;
  virtual void setConvolutionOutputDimensionsFormula(IOutputDimensionsFormula* formula) = 0;
  virtual IOutputDimensionsFormula& getConvolutionOutputDimensionsFormula() const = 0;
  virtual void setDeconvolutionOutputDimensionsFormula(IOutputDimensionsFormula* formula) = 0;
  virtual IOutputDimensionsFormula& getDeconvolutionOutputDimensionsFormula() const = 0;
  virtual int getNbLayers() const = 0;
  virtual ILayer* getLayer(int index) const = 0;
  virtual int getNbInputs() const = 0;
  virtual ITensor* getInput(int index) const = 0;
  virtual int getNbOutputs() const = 0;
  virtual ITensor* getOutput(int index) const = 0;
  virtual void destroy() = 0;
  virtual IReduceLayer* addReduce(ITensor& input, ReduceOperation operation, uint32_t reduceAxes,
                                  bool keepDimensions) = 0;
  virtual ITopKLayer* addTopK(ITensor& input, TopKOperation op, int k, uint32_t reduceAxes) = 0;
  virtual IGatherLayer* addGather(ITensor& data, ITensor& indices, int axis) = 0;
  virtual IRaggedSoftMaxLayer* addRaggedSoftMax(ITensor& input, ITensor& bounds) = 0;
  virtual IMatrixMultiplyLayer* addMatrixMultiply(ITensor& input0, MatrixOperation op0,
                                                  ITensor& input1, MatrixOperation op1) = 0;
  virtual IMatrixMultiplyLayer* addMatrixMultiply(ITensor& input0, bool transpose0, ITensor& input1,
                                                  bool transpose1) = 0;
  virtual IConstantLayer* addConstant(Dims dimensions, Weights weights) = 0;
  virtual IRNNv2Layer* addRNNv2(ITensor& input, int32_t layerCount, int32_t hiddenSize,
                                int32_t maxSeqLen, RNNOperation op) = 0;
  virtual IPluginLayer* addPluginExt(ITensor* const* inputs, int nbInputs, IPluginExt& plugin) = 0;
  virtual IIdentityLayer* addIdentity(ITensor& input) = 0;
  virtual void removeTensor(ITensor& tensor) = 0;
  virtual void unmarkOutput(ITensor& tensor) = 0;
  virtual IPluginV2Layer* addPluginV2(ITensor* const* inputs, int nbInputs, IPluginV2& plugin) = 0;
  virtual ISliceLayer* addSlice(ITensor& input, Dims start, Dims size, Dims stride) = 0;

 protected:
  virtual ~INetworkDefinition() {}
};

enum class CalibrationAlgoType : int {
  kLEGACY_CALIBRATION = 0,
  kENTROPY_CALIBRATION = 1,
  kENTROPY_CALIBRATION_2 = 2
};
template <>
inline int EnumMax<CalibrationAlgoType>() {
  return 3;
}

// Sources of calibration data. Implemented by the program.
class IInt8Calibrator {
 public:
  virtual int getBatchSize() const = 0;
  virtual bool getBatch(void* bindings[], const char* names[], int nbBindings) = 0;
  virtual const void* readCalibrationCache(std::size_t& length) = 0;
  virtual void writeCalibrationCache(const void* ptr, std::size_t length) = 0;
  virtual CalibrationAlgoType getAlgorithm() = 0;
  virtual ~IInt8Calibrator() {}
};

class IInt8EntropyCalibrator : public IInt8Calibrator {
 public:
  CalibrationAlgoType getAlgorithm() override { return CalibrationAlgoType::kENTROPY_CALIBRATION; }
};

class IInt8EntropyCalibrator2 : public IInt8Calibrator {
 public:
  CalibrationAlgoType getAlgorithm() override {
    return CalibrationAlgoType::kENTROPY_CALIBRATION_2;
  }
};

class IInt8LegacyCalibrator : public IInt8Calibrator {
 public:
  CalibrationAlgoType getAlgorithm() override { return CalibrationAlgoType::kLEGACY_CALIBRATION; }
  virtual double getQuantile() const = 0;
  virtual double getRegressionCutoff() const = 0;
  virtual const void* readHistogramCache(std::size_t& length) = 0;
  virtual void writeHistogramCache(const void* ptr, std::size_t length) = 0;
};

enum class EngineCapability : int { kDEFAULT = 0, kSAFE_GPU = 1, kSAFE_DLA = 2 };
template <>
inline int EnumMax<EngineCapability>() {
  return 3;
}

#if NV_TENSORRT_VERSION == 5000
enum class DeviceType : int { kGPU = 0, kDLA0 = 1, kDLA1 = 2, kDLA = kDLA0 };
#else
enum class DeviceType : int { kGPU = 0, kDLA = 1 };
#endif
template <>
inline int EnumMax<DeviceType>() {
  return 2;
}

// Builds engines. What it is asked for and cannot do (INT8, DLA) is logged as a warning.
class IBuilder {
 public:
  virtual INetworkDefinition* createNetwork() = 0;
  virtual void setMaxBatchSize(int batchSize) = 0;
  virtual int getMaxBatchSize() const = 0;
  virtual void setMaxWorkspaceSize(std::size_t workspaceSize) = 0;
  virtual std::size_t getMaxWorkspaceSize() const = 0;
  // Permits FP16: where it is faster, layers may use it.
  virtual void setHalf2Mode(bool mode) = 0;
  virtual bool getHalf2Mode() const = 0;
  virtual void setDebugSync(bool sync) = 0;
  virtual bool getDebugSync() const = 0;
  virtual void setMinFindIterations(int minFind) = 0;
  virtual int getMinFindIterations() const = 0;
  virtual void setAverageFindIterations(int avgFind) = 0;
  virtual int getAverageFindIterations() const = 0;
  virtual ICudaEngine* buildCudaEngine(INetworkDefinition& network) = 0;
  virtual bool platformHasFastFp16() const = 0;
  virtual bool platformHasFastInt8() const = 0;
  virtual void destroy() = 0;
  virtual void setInt8Mode(bool mode) = 0;
  virtual bool getInt8Mode() const = 0;
  virtual void setInt8Calibrator(IInt8Calibrator* calibrator) = 0;
  virtual void setDeviceType(ILayer* layer, DeviceType deviceType) = 0;
  virtual DeviceType getDeviceType(const ILayer* layer) const = 0;
  virtual bool isDeviceTypeSet(const ILayer* layer) const = 0;
  virtual void resetDeviceType(ILayer* layer) = 0;
  virtual bool canRunOnDLA(const ILayer* layer) const = 0;
  virtual void setDefaultDeviceType(DeviceType deviceType) = 0;
  virtual DeviceType getDefaultDeviceType() const = 0;
  virtual int getMaxDLABatchSize() const = 0;
  virtual void allowGPUFallback(bool setFallBackMode) = 0;
  virtual int getNbDLACores() const = 0;
  virtual void setDLACore(int dlaCore) = 0;
  virtual int getDLACore() const = 0;
  virtual void reset(INetworkDefinition& network) = 0;
  virtual void setGpuAllocator(IGpuAllocator* allocator) = 0;
  virtual void setFp16Mode(bool mode) = 0;
  virtual bool getFp16Mode() const = 0;
  virtual void setStrictTypeConstraints(bool mode) = 0;
  virtual bool getStrictTypeConstraints() const = 0;
  virtual void setRefittable(bool canRefit) = 0;
  virtual bool getRefittable() const = 0;
  virtual void setEngineCapability(EngineCapability capability) = 0;
  virtual EngineCapability getEngineCapability() const = 0;

 protected:
  virtual ~IBuilder() {}
};

}  // namespace nvinfer1

extern "C" TENSORRTAPI void* createInferBuilder_INTERNAL(void* logger, int version);

namespace nvinfer1 {
namespace {

inline IBuilder* createInferBuilder(ILogger& logger) {
  return static_cast<IBuilder*>(createInferBuilder_INTERNAL(&logger, NV_TENSORRT_VERSION));
}

}  // namespace
}  // namespace nvinfer1
