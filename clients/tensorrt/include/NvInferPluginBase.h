// Layers that a program implements itself.
#pragma once

#include <vector>

#include "NvInferRuntimeCommon.h"

namespace nvinfer1 {

// A layer's implementation. Life: configure, initialize, any number of enqueue, terminate.
// `enqueue` gets batch-first dense float data; on the CPU its `stream` is the one whose work is
// running (null inside execute()) and it must be done with its work, or have queued it there, when
// it returns.
class IPlugin {
 public:
  virtual int getNbOutputs() const = 0;
  virtual Dims getOutputDimensions(int index, const Dims* inputs, int nbInputDims) = 0;
  virtual void configure(const Dims* inputDims, int nbInputs, const Dims* outputDims, int nbOutputs,
                         int maxBatchSize) = 0;
  virtual int initialize() = 0;
  virtual void terminate() = 0;
  virtual size_t getWorkspaceSize(int maxBatchSize) const = 0;
  virtual int enqueue(int batchSize, const void* const* inputs, void** outputs, void* workspace,
                      cudaStream_t stream) = 0;
  virtual size_t getSerializationSize() = 0;
  virtual void serialize(void* buffer) = 0;
  virtual ~IPlugin() {}
};

// An IPlugin that chooses types and formats; Tenfold asks for kFLOAT and kNCHW.
class IPluginExt : public IPlugin {
 public:
  virtual int getTensorRTVersion() const { return NV_TENSORRT_VERSION; }
  virtual bool supportsFormat(DataType type, PluginFormat format) const = 0;
  virtual void configureWithFormat(const Dims* inputDims, int nbInputs, const Dims* outputDims,
                                   int nbOutputs, DataType type, PluginFormat format,
                                   int maxBatchSize) = 0;
  ~IPluginExt() override {}

 protected:
  void configure(const Dims*, int, const Dims*, int, int) override {}
};

// A plugin with a type name and clones, made anew by an IPluginCreator.
class IPluginV2 {
 public:
  virtual int getTensorRTVersion() const { return NV_TENSORRT_VERSION; }
  virtual const char* getPluginType() const = 0;
  virtual const char* getPluginVersion() const = 0;
  virtual int getNbOutputs() const = 0;
  virtual Dims getOutputDimensions(int index, const Dims* inputs, int nbInputDims) = 0;
  virtual bool supportsFormat(DataType type, PluginFormat format) const = 0;
  virtual void configureWithFormat(const Dims* inputDims, int nbInputs, const Dims* outputDims,
                                   int nbOutputs, DataType type, PluginFormat format,
                                   int maxBatchSize) = 0;
  virtual int initialize() = 0;
  virtual void terminate() = 0;
  virtual size_t getWorkspaceSize(int maxBatchSize) const = 0;
  virtual int enqueue(int batchSize, const void* const* inputs, void** outputs, void* workspace,
                      cudaStream_t stream) = 0;
  virtual size_t getSerializationSize() const = 0;
  virtual void serialize(void* buffer) const = 0;
  virtual void destroy() = 0;
  virtual IPluginV2* clone() const = 0;
  virtual void setPluginNamespace(const char* pluginNamespace) = 0;
  virtual const char* getPluginNamespace() const = 0;

 protected:
  virtual ~IPluginV2() {}
};

// An IPluginV2 that is told the types of its inputs and outputs, and what is the same for all items
// of a batch. Tenfold gives it kFLOAT, broadcasts nothing, and has no handles for attachToContext.
class IPluginV2Ext : public IPluginV2 {
 public:
  virtual DataType getOutputDataType(int index, const DataType* inputTypes, int nbInputs) const = 0;
  virtual bool isOutputBroadcastAcrossBatch(int outputIndex, const bool* inputIsBroadcasted,
                                            int nbInputs) const = 0;
  virtual bool canBroadcastInputAcrossBatch(int inputIndex) const = 0;
  virtual void configurePlugin(const Dims* inputDims, int nbInputs, const Dims* outputDims,
                               int nbOutputs, const DataType* inputTypes,
                               const DataType* outputTypes, const bool* inputIsBroadcast,
                               const bool* outputIsBroadcast, PluginFormat floatFormat,
                               int maxBatchSize) = 0;
  virtual void attachToContext(cudnnContext*, cublasContext*, IGpuAllocator*) {}
  virtual void detachFromContext() {}
  IPluginV2Ext* clone() const override = 0;

 protected:
  int getTensorRTVersion() const override { return 0x01000000 | NV_TENSORRT_VERSION; }
  void configureWithFormat(const Dims*, int, const Dims*, int, DataType, PluginFormat,
                           int) override {}
  ~IPluginV2Ext() override {}
};

enum class PluginFieldType : int {
  kFLOAT16 = 0,
  kFLOAT32 = 1,
  kFLOAT64 = 2,
  kINT8 = 3,
  kINT16 = 4,
  kINT32 = 5,
  kCHAR = 6,
  kDIMS = 7,
  kUNKNOWN = 8
};

// A named parameter of a plugin.
struct PluginField {
  const char* name = nullptr;
  const void* data = nullptr;
  PluginFieldType type = PluginFieldType::kUNKNOWN;
  int32_t length = 0;
  PluginField(const char* name_ = nullptr, const void* data_ = nullptr,
              const PluginFieldType type_ = PluginFieldType::kUNKNOWN, int32_t length_ = 0)
      : name(name_), data(data_), type(type_), length(length_) {}
};

struct PluginFieldCollection {
  int nbFields;
  const PluginField* fields;
};

class IPluginCreator {
 public:
  virtual int getTensorRTVersion() const { return NV_TENSORRT_VERSION; }
  virtual const char* getPluginName() const = 0;
  virtual const char* getPluginVersion() const = 0;
  virtual const PluginFieldCollection* getFieldNames() = 0;
  virtual IPluginV2* createPlugin(const char* name, const PluginFieldCollection* fc) = 0;
  virtual IPluginV2* deserializePlugin(const char* name, const void* serialData,
                                       size_t serialLength) = 0;
  virtual void setPluginNamespace(const char* pluginNamespace) = 0;
  virtual const char* getPluginNamespace() const = 0;
  virtual ~IPluginCreator() {}
};

// The creators that a process knows. Thread-safe.
class IPluginRegistry {
 public:
  // False if the name, version and namespace are taken. The creator is borrowed.
  virtual bool registerCreator(IPluginCreator& creator, const char* pluginNamespace) = 0;
  virtual IPluginCreator* const* getPluginCreatorList(int* numCreators) const = 0;
  virtual IPluginCreator* getPluginCreator(const char* pluginType, const char* pluginVersion,
                                           const char* pluginNamespace = "") = 0;

 protected:
  virtual ~IPluginRegistry() {}
};

// Makes the plugins of an engine that is being deserialized. Implemented by the program.
class IPluginFactory {
 public:
  virtual IPlugin* createPlugin(const char* layerName, const void* serialData,
                                size_t serialLength) = 0;
  virtual ~IPluginFactory() {}
};

template <typename T>
class PluginRegistrar {
 public:
  PluginRegistrar();

 private:
  T instance_;
};

}  // namespace nvinfer1

extern "C" TENSORRTAPI nvinfer1::IPluginRegistry* getPluginRegistry();

namespace nvinfer1 {

template <typename T>
PluginRegistrar<T>::PluginRegistrar() {
  getPluginRegistry()->registerCreator(instance_, "");
}

}  // namespace nvinfer1

#define REGISTER_TENSORRT_PLUGIN(name) \
  static nvinfer1::PluginRegistrar<name> pluginRegistrar##name {}
