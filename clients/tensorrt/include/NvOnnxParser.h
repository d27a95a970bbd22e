// Fills a network from an ONNX model. Declared so that programs that also read other models
// compile: Tenfold does not import ONNX yet, so every parse fails with a message.
#pragma once

#include <utility>
#include <vector>

#include "NvInfer.h"
#include "NvOnnxConfig.h"

#define NV_ONNX_PARSER_MAJOR 0
#define NV_ONNX_PARSER_MINOR 1
#define NV_ONNX_PARSER_PATCH 0
#define NV_ONNX_PARSER_VERSION \
  ((NV_ONNX_PARSER_MAJOR * 10000) + (NV_ONNX_PARSER_MINOR * 100) + NV_ONNX_PARSER_PATCH)

typedef std::pair<std::vector<std::size_t>, bool> SubGraph_t;
typedef std::vector<SubGraph_t> SubGraphCollection_t;

namespace nvonnxparser {

enum class ErrorCode : int {
  kSUCCESS = 0,
  kINTERNAL_ERROR = 1,
  kMEM_ALLOC_FAILED = 2,
  kMODEL_DESERIALIZE_FAILED = 3,
  kINVALID_VALUE = 4,
  kINVALID_GRAPH = 5,
  kINVALID_NODE = 6,
  kUNSUPPORTED_GRAPH = 7,
  kUNSUPPORTED_NODE = 8
};

class IParserError {
 public:
  virtual ErrorCode code() const = 0;
  virtual const char* desc() const = 0;
  virtual const char* file() const = 0;
  virtual int line() const = 0;
  virtual const char* func() const = 0;
  virtual int node() const = 0;  // -1: none

 protected:
  virtual ~IParserError() {}
};

// The parser of TensorRT 5.
class IParser {
 public:
  virtual bool parse(const void* serializedModel, std::size_t size) = 0;
  virtual bool parseFromFile(const char* onnxModelFile, int verbosity) = 0;
  virtual bool supportsModel(const void* serializedModel, std::size_t size,
                             SubGraphCollection_t& subGraphs) = 0;
  virtual bool supportsOperator(const char* opName) const = 0;
  virtual void destroy() = 0;
  virtual int getNbErrors() const = 0;
  virtual const IParserError* getError(int index) const = 0;
  virtual void clearErrors() = 0;

 protected:
  virtual ~IParser() {}
};

// The parser of TensorRT 4.
class IONNXParser {
 public:
  virtual bool parse(const char* onnxFileName, nvinfer1::DataType dataType) = 0;
  virtual bool parseFromFile(const char* onnxFileName, nvinfer1::DataType dataType) = 0;
  virtual bool convertToTRTNetwork() = 0;
  virtual nvinfer1::INetworkDefinition* getTRTNetwork() = 0;  // null
  virtual void reportParsingInfo() = 0;
  virtual void destroy() = 0;

 protected:
  virtual ~IONNXParser() {}
};

TENSORRTAPI IONNXParser* createONNXParser(const IOnnxConfig& config);

}  // namespace nvonnxparser

extern "C" TENSORRTAPI void* createNvOnnxParser_INTERNAL(void* network, void* logger, int version);
extern "C" TENSORRTAPI int getNvOnnxParserVersion();

namespace nvonnxparser {
namespace {

inline IParser* createParser(nvinfer1::INetworkDefinition& network, nvinfer1::ILogger& logger) {
  return static_cast<IParser*>(
      createNvOnnxParser_INTERNAL(&network, &logger, NV_ONNX_PARSER_VERSION));
}

}  // namespace
}  // namespace nvonnxparser
