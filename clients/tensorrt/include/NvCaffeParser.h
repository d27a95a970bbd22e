// Fills a network from a Caffe model.
#pragma once

#include "NvInfer.h"

namespace nvcaffeparser1 {

// The tensors of a parsed model by the name of their top; of tops written in place, the last one.
// Lives as long as the network and the parser; either may go first.
class IBlobNameToTensor {
 public:
  virtual nvinfer1::ITensor* find(const char* name) const = 0;  // null: no such top

 protected:
  virtual ~IBlobNameToTensor() {}
};

// A mean file: floats, [N,C,H,W]. Its numbers stay readable until the next one is parsed.
class IBinaryProtoBlob {
 public:
  virtual const void* getData() = 0;
  virtual nvinfer1::DimsNCHW getDimensions() = 0;
  virtual nvinfer1::DataType getDataType() = 0;
  virtual void destroy() = 0;

 protected:
  virtual ~IBinaryProtoBlob() {}
};

// Claims layers by name and implements them. The weights live as long as the parser.
class IPluginFactory {
 public:
  virtual bool isPlugin(const char* layerName) = 0;
  virtual nvinfer1::IPlugin* createPlugin(const char* layerName, const nvinfer1::Weights* weights,
                                          int nbWeights) = 0;
  virtual ~IPluginFactory() {}
};

class IPluginFactoryExt : public IPluginFactory {
 public:
  virtual int getTensorRTVersion() const { return NV_TENSORRT_VERSION; }
  virtual bool isPluginExt(const char* layerName) = 0;
};

class IPluginFactoryV2 {
 public:
  virtual bool isPluginV2(const char* layerName) = 0;
  virtual nvinfer1::IPluginV2* createPlugin(const char* layerName, const nvinfer1::Weights* weights,
                                            int nbWeights, const char* libNamespace = "") = 0;
  virtual ~IPluginFactoryV2() {}
};

class ICaffeParser {
 public:
  // Adds the model's layers to `network`. Null on errors, all of which are logged. Weights are kept
  // in float whatever `weightType`. A missing `model` is an error, unless the environment variable
  // TENFOLD_RANDOM_WEIGHTS is set: then the weights are random, from a fixed seed.
  virtual const IBlobNameToTensor* parse(const char* deploy, const char* model,
                                         nvinfer1::INetworkDefinition& network,
                                         nvinfer1::DataType weightType) = 0;
  virtual const IBlobNameToTensor* parseBuffers(const char* deployBuffer, std::size_t deployLength,
                                                const char* modelBuffer, std::size_t modelLength,
                                                nvinfer1::INetworkDefinition& network,
                                                nvinfer1::DataType weightType) = 0;
  // Null if the file cannot be read or holds no blob.
  virtual IBinaryProtoBlob* parseBinaryProto(const char* fileName) = 0;
  virtual void setProtobufBufferSize(std::size_t size) = 0;  // no limit applies here
  virtual void setPluginFactory(IPluginFactory* factory) = 0;
  virtual void setPluginFactoryExt(IPluginFactoryExt* factory) = 0;
  virtual void setPluginFactoryV2(IPluginFactoryV2* factory) = 0;
  virtual void setPluginNamespace(const char* libNamespace) = 0;
  virtual void destroy() = 0;

 protected:
  virtual ~ICaffeParser() {}
};

TENSORRTAPI ICaffeParser* createCaffeParser();
// Harmless at any time, any number of times.
TENSORRTAPI void shutdownProtobufLibrary();

}  // namespace nvcaffeparser1

extern "C" TENSORRTAPI void* createNvCaffeParser_INTERNAL();
