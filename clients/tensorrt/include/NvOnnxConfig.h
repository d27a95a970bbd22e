// Settings of an ONNX parser, as programs of TensorRT 4 hold them.
#pragma once

#include "NvInfer.h"

namespace nvonnxparser {

class IOnnxConfig {
 public:
  typedef int Verbosity;
  virtual void setModelDtype(const nvinfer1::DataType type) = 0;
  virtual nvinfer1::DataType getModelDtype() const = 0;
  virtual void setModelFileName(const char* onnxFileName) = 0;
  virtual const char* getModelFileName() const = 0;
  virtual void addVerbosity() = 0;
  virtual void reduceVerbosity() = 0;
  virtual void setVerbosityLevel(Verbosity level) = 0;
  virtual Verbosity getVerbosityLevel() const = 0;
  virtual void setTextFileName(const char* textFileName) = 0;
  virtual const char* getTextFileName() const = 0;
  virtual void setFullTextFileName(const char* fullTextFileName) = 0;
  virtual const char* getFullTextFileName() const = 0;
  virtual void setPrintLayerInfo(bool print) = 0;
  virtual bool getPrintLayerInfo() const = 0;
  virtual void destroy() = 0;

 protected:
  virtual ~IOnnxConfig() {}
};

TENSORRTAPI IOnnxConfig* createONNXConfig();

}  // namespace nvonnxparser
