// Fills a network from a UFF model. Declared so that programs that also read other models compile:
// Tenfold does not import UFF yet, so every parse fails with a message.
#pragma once

#include "NvInfer.h"

#define UFF_REQUIRED_VERSION_MAJOR 0
#define UFF_REQUIRED_VERSION_MINOR 5
#define UFF_REQUIRED_VERSION_PATCH 5

namespace nvuffparser {

enum class UffInputOrder : int { kNCHW = 0, kNHWC = 1, kNC = 2 };

enum class FieldType : int {
  kFLOAT = 0,
  kINT32 = 1,
  kCHAR = 2,
  kDIMS = 4,
  kDATATYPE = 5,
  kUNKNOWN = 6
};

class FieldMap {
 public:
  const char* name;
  const void* data;
  FieldType type = FieldType::kUNKNOWN;
  int length = 1;
  FieldMap(const char* name_, const void* data_, const FieldType type_, int length_ = 1)
      : name(name_), data(data_), type(type_), length(length_) {}
};

struct FieldCollection {
  int nbFields;
  const FieldMap* fields;
};

class IPluginFactory {
 public:
  virtual bool isPlugin(const char* layerName) = 0;
  virtual nvinfer1::IPlugin* createPlugin(const char* layerName, const nvinfer1::Weights* weights,
                                          int nbWeights, const FieldCollection fc) = 0;
  virtual ~IPluginFactory() {}
};

class IPluginFactoryExt : public IPluginFactory {
 public:
  virtual int getTensorRTVersion() const { return NV_TENSORRT_VERSION; }
  virtual bool isPluginExt(const char* layerName) = 0;
};

class IUffParser {
 public:
  virtual int getUffRequiredVersionMajor() = 0;
  virtual int getUffRequiredVersionMinor() = 0;
  virtual int getUffRequiredVersionPatch() = 0;
  virtual bool registerInput(const char* inputName, nvinfer1::Dims inputDims,
                             UffInputOrder inputOrder = UffInputOrder::kNCHW) = 0;
  virtual bool registerOutput(const char* outputName) = 0;
  virtual bool parse(const char* file, nvinfer1::INetworkDefinition& network,
                     nvinfer1::DataType weightsType = nvinfer1::DataType::kFLOAT) = 0;
  virtual bool parseBuffer(const char* buffer, std::size_t size,
                           nvinfer1::INetworkDefinition& network,
                           nvinfer1::DataType weightsType = nvinfer1::DataType::kFLOAT) = 0;
  virtual void setPluginFactory(IPluginFactory* factory) = 0;
  virtual void setPluginFactoryExt(IPluginFactoryExt* factory) = 0;
  virtual void setPluginNamespace(const char* libNamespace) = 0;
  virtual void destroy() = 0;

 protected:
  virtual ~IUffParser() {}
};

TENSORRTAPI IUffParser* createUffParser();
// Harmless at any time, any number of times.
TENSORRTAPI void shutdownProtobufLibrary();

}  // namespace nvuffparser

extern "C" TENSORRTAPI void* createNvUffParser_INTERNAL();
