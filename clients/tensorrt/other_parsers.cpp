// The parsers of formats that Tenfold does not import yet: they take their settings, and every
// parse fails with a message.
#include "NvOnnxParser.h"
#include "NvUffParser.h"
#include "log.h"

namespace tenfold::trt {
namespace {

using nvinfer1::INetworkDefinition;
using nvonnxparser::ErrorCode;

constexpr char kNoOnnx[] =
    "ONNX models cannot be read yet: use the Caffe parser, or describe the layers by "
    "INetworkDefinition";
constexpr char kNoUff[] =
    "UFF models cannot be read yet: use the Caffe parser, or describe the layers by "
    "INetworkDefinition";

class OnnxConfig final : public nvonnxparser::IOnnxConfig, public Owned<OnnxConfig> {
 public:
  void setModelDtype(const nvinfer1::DataType type) override { type_ = type; }
  nvinfer1::DataType getModelDtype() const override { return type_; }
  void setModelFileName(const char* name) override { model_ = text(name); }
  const char* getModelFileName() const override { return model_.c_str(); }
  void addVerbosity() override { ++verbosity_; }
  void reduceVerbosity() override { --verbosity_; }
  void setVerbosityLevel(Verbosity level) override { verbosity_ = level; }
  Verbosity getVerbosityLevel() const override { return verbosity_; }
  void setTextFileName(const char* name) override { text_ = text(name); }
  const char* getTextFileName() const override { return text_.c_str(); }
  void setFullTextFileName(const char* name) override { full_text_ = text(name); }
  const char* getFullTextFileName() const override { return full_text_.c_str(); }
  void setPrintLayerInfo(bool print) override { print_ = print; }
  bool getPrintLayerInfo() const override { return print_; }
  void destroy() override { give_back(); }

 private:
  nvinfer1::DataType type_ = nvinfer1::DataType::kFLOAT;
  std::string model_, text_, full_text_;
  Verbosity verbosity_ = 0;
  bool print_ = false;
};

class NoOnnx final : public nvonnxparser::IParserError {
 public:
  ErrorCode code() const override { return ErrorCode::kUNSUPPORTED_GRAPH; }
  const char* desc() const override { return kNoOnnx; }
  const char* file() const override { return ""; }
  int line() const override { return 0; }
  const char* func() const override { return "parse"; }
  int node() const override { return -1; }
};

class OnnxParser final : public nvonnxparser::IParser, public Owned<OnnxParser> {
 public:
  explicit OnnxParser(Log log) : log_(log) {}
  bool parse(const void*, std::size_t) override { return refuse(); }
  bool parseFromFile(const char*, int) override { return refuse(); }
  bool supportsModel(const void*, std::size_t, SubGraphCollection_t& graphs) override {
    graphs.clear();
    return refuse();
  }
  bool supportsOperator(const char*) const override { return false; }
  void destroy() override { give_back(); }
  int getNbErrors() const override { return refused_ ? 1 : 0; }
  const nvonnxparser::IParserError* getError(int k) const override {
    return refused_ && k == 0 ? &error_ : nullptr;
  }
  void clearErrors() override { refused_ = false; }

 private:
  bool refuse() {
    log_.error(kNoOnnx);
    refused_ = true;
    return false;
  }
  const Log log_;
  const NoOnnx error_;
  bool refused_ = false;
};

class OldOnnxParser final : public nvonnxparser::IONNXParser, public Owned<OldOnnxParser> {
 public:
  bool parse(const char*, nvinfer1::DataType) override { return last_log().error(kNoOnnx), false; }
  bool parseFromFile(const char* file, nvinfer1::DataType t) override { return parse(file, t); }
  bool convertToTRTNetwork() override { return false; }
  INetworkDefinition* getTRTNetwork() override { return nullptr; }
  void reportParsingInfo() override {}
  void destroy() override { give_back(); }
};

class UffParser final : public nvuffparser::IUffParser, public Owned<UffParser> {
 public:
  int getUffRequiredVersionMajor() override { return UFF_REQUIRED_VERSION_MAJOR; }
  int getUffRequiredVersionMinor() override { return UFF_REQUIRED_VERSION_MINOR; }
  int getUffRequiredVersionPatch() override { return UFF_REQUIRED_VERSION_PATCH; }
  bool registerInput(const char* name, nvinfer1::Dims, nvuffparser::UffInputOrder) override {
    return !text(name).empty();
  }
  bool registerOutput(const char* name) override { return !text(name).empty(); }
  bool parse(const char*, INetworkDefinition&, nvinfer1::DataType) override {
    return last_log().error(kNoUff), false;
  }
  bool parseBuffer(const char*, std::size_t, INetworkDefinition& network,
                   nvinfer1::DataType type) override {
    return parse(nullptr, network, type);
  }
  void setPluginFactory(nvuffparser::IPluginFactory*) override {}
  void setPluginFactoryExt(nvuffparser::IPluginFactoryExt*) override {}
  void setPluginNamespace(const char*) override {}
  void destroy() override { give_back(); }
};

template <class Impl, class... Args>
Impl* make_parser(const char* what, Args... args) {
  return guarded(last_log(), what, static_cast<Impl*>(nullptr),
                 [&] { return Impl::hand_out(std::make_shared<Impl>(args...)); });
}

}  // namespace
}  // namespace tenfold::trt

using namespace tenfold::trt;

nvonnxparser::IOnnxConfig* nvonnxparser::createONNXConfig() {
  return make_parser<OnnxConfig>("createONNXConfig");
}
nvonnxparser::IONNXParser* nvonnxparser::createONNXParser(const IOnnxConfig&) {
  return make_parser<OldOnnxParser>("createONNXParser");
}
nvuffparser::IUffParser* nvuffparser::createUffParser() {
  return make_parser<UffParser>("createUffParser");
}
void nvuffparser::shutdownProtobufLibrary() {}

extern "C" void* createNvOnnxParser_INTERNAL(void*, void* logger, int) {
  nvonnxparser::IParser* parser = make_parser<OnnxParser>("createParser", use_logger(logger));
  return parser;
}
extern "C" int getNvOnnxParserVersion() { return NV_ONNX_PARSER_VERSION; }
extern "C" void* createNvUffParser_INTERNAL() { return nvuffparser::createUffParser(); }
