// The manner of TensorRT 5: a class with build, infer and teardown; smart pointers whose deleter
// calls destroy(); DLA asked for if there is any; pinned memory; events.
#include <map>
#include <memory>

#include <NvCaffeParser.h>
#include <NvInfer.h>
#include <NvInferPlugin.h>
#include <cuda_runtime.h>

#include "common.h"

static Logger gLogger;

class Verbose : public nvinfer1::ILogger {
 public:
  explicit Verbose(Severity severity) : mReportable(severity) {}
  void log(Severity severity, const char* msg) noexcept override {
    if (severity > mReportable) return;
    switch (severity) {
      case Severity::kINTERNAL_ERROR: std::cerr << "INTERNAL_ERROR: "; break;
      case Severity::kERROR: std::cerr << "ERROR: "; break;
      case Severity::kWARNING: std::cerr << "WARNING: "; break;
      case Severity::kINFO: std::cerr << "INFO: "; break;
      case Severity::kVERBOSE: std::cerr << "VERBOSE: "; break;
      default: std::cerr << "UNKNOWN: "; break;
    }
    std::cerr << msg << std::endl;
  }
  nvinfer1::ILogger& getTRTLogger() { return *this; }
  Severity mReportable{Severity::kWARNING};
};

struct InferDeleter {
  template <typename T>
  void operator()(T* obj) const {
    if (obj) obj->destroy();
  }
};

class SampleMNIST {
  template <typename T>
  using SampleUniquePtr = std::unique_ptr<T, InferDeleter>;

 public:
  bool build(int dlaCore) {
    auto builder =
        SampleUniquePtr<nvinfer1::IBuilder>(nvinfer1::createInferBuilder(mLogger.getTRTLogger()));
    if (!builder) return false;
    auto network = SampleUniquePtr<nvinfer1::INetworkDefinition>(builder->createNetwork());
    if (!network) return false;
    auto parser =
        SampleUniquePtr<nvcaffeparser1::ICaffeParser>(nvcaffeparser1::createCaffeParser());
    if (!parser) return false;
    constructNetwork(parser, network);
    builder->setMaxBatchSize(2);
    builder->setMaxWorkspaceSize(16777216);
    builder->allowGPUFallback(true);
    builder->setStrictTypeConstraints(false);
    if (dlaCore >= 0 && builder->getNbDLACores() > 0) {
      builder->setDefaultDeviceType(nvinfer1::DeviceType::kDLA);
      builder->setDLACore(dlaCore);
    }
    mEngine =
        std::shared_ptr<nvinfer1::ICudaEngine>(builder->buildCudaEngine(*network), InferDeleter());
    if (!mEngine) return false;
    assert(network->getNbInputs() == 1);
    mInputDims = network->getInput(0)->getDimensions();
    assert(mInputDims.nbDims == 3);
    return true;
  }

  bool infer(int digit) {
    auto context = SampleUniquePtr<nvinfer1::IExecutionContext>(mEngine->createExecutionContext());
    if (!context) return false;
    const int batch = 2;
    std::vector<void*> device(mEngine->getNbBindings());
    std::map<std::string, float*> host;
    for (int i = 0; i < mEngine->getNbBindings(); i++) {
      nvinfer1::Dims dims = mEngine->getBindingDimensions(i);
      assert(mEngine->getBindingDataType(i) == nvinfer1::DataType::kFLOAT);
      size_t vol = batch;
      for (int d = 0; d < dims.nbDims; d++) vol *= dims.d[d];
      CHECK(cudaMalloc(&device[i], vol * sizeof(float)));
      float* pinned;
      CHECK(cudaMallocHost(&pinned, vol * sizeof(float)));
      host[mEngine->getBindingName(i)] = pinned;
      mSizes[mEngine->getBindingName(i)] = vol * sizeof(float);
    }
    const int other = (digit + 3) % 10;
    processInput(host[INPUT_BLOB_NAME], digit, 0);
    processInput(host[INPUT_BLOB_NAME], other, 1);

    cudaStream_t stream;
    CHECK(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    cudaEvent_t start, consumed, end;
    CHECK(cudaEventCreate(&start));
    CHECK(cudaEventCreateWithFlags(&consumed, cudaEventDisableTiming));
    CHECK(cudaEventCreateWithFlags(&end, cudaEventBlockingSync));
    const int in = mEngine->getBindingIndex(INPUT_BLOB_NAME);
    const int out = mEngine->getBindingIndex(OUTPUT_BLOB_NAME);
    CHECK(cudaEventRecord(start, stream));
    CHECK(cudaMemcpyAsync(device[in], host[INPUT_BLOB_NAME], mSizes[INPUT_BLOB_NAME],
                          cudaMemcpyHostToDevice, stream));
    if (!context->enqueue(batch, device.data(), stream, &consumed)) return false;
    CHECK(cudaMemcpyAsync(host[OUTPUT_BLOB_NAME], device[out], mSizes[OUTPUT_BLOB_NAME],
                          cudaMemcpyDeviceToHost, stream));
    CHECK(cudaEventRecord(end, stream));
    CHECK(cudaEventSynchronize(consumed));
    CHECK(cudaEventSynchronize(end));
    float ms = -1;
    CHECK(cudaEventElapsedTime(&ms, start, end));
    assert(ms >= 0);
    const float* prob = host[OUTPUT_BLOB_NAME];
    const bool right = best(prob) == digit && best(prob + OUTPUT_SIZE) == other;
    for (auto& h : host) CHECK(cudaFreeHost(h.second));
    for (void* d : device) CHECK(cudaFree(d));
    CHECK(cudaEventDestroy(start));
    CHECK(cudaEventDestroy(consumed));
    CHECK(cudaEventDestroy(end));
    CHECK(cudaStreamDestroy(stream));
    return right;
  }

  bool teardown() {
    nvcaffeparser1::shutdownProtobufLibrary();
    nvcaffeparser1::shutdownProtobufLibrary();
    return true;
  }

 private:
  void constructNetwork(SampleUniquePtr<nvcaffeparser1::ICaffeParser>& parser,
                        SampleUniquePtr<nvinfer1::INetworkDefinition>& network) {
    const nvcaffeparser1::IBlobNameToTensor* blobNameToTensor =
        parser->parse(locateFile(DEPLOY_FILE).c_str(), locateFile(MODEL_FILE).c_str(), *network,
                      nvinfer1::DataType::kFLOAT);
    for (auto s : {OUTPUT_BLOB_NAME}) network->markOutput(*blobNameToTensor->find(s));
    nvinfer1::Dims inputDims = network->getInput(0)->getDimensions();
    mMeanBlob.reset(parser->parseBinaryProto(locateFile(MEAN_FILE).c_str()));
    nvinfer1::Weights meanWeights{nvinfer1::DataType::kFLOAT, mMeanBlob->getData(),
                                  inputDims.d[1] * inputDims.d[2]};
    auto mean =
        network->addConstant(nvinfer1::Dims3(1, inputDims.d[1], inputDims.d[2]), meanWeights);
    auto meanSub = network->addElementWise(*network->getInput(0), *mean->getOutput(0),
                                           nvinfer1::ElementWiseOperation::kSUB);
    network->getLayer(0)->setInput(0, *meanSub->getOutput(0));
  }

  void processInput(float* hostInput, int digit, int item) {
    const std::vector<uint8_t> fileData = readPGMFile(digit);
    for (int i = 0; i < INPUT_H * INPUT_W; i++)
      hostInput[item * INPUT_H * INPUT_W + i] = float(fileData[i]);
  }

  Verbose mLogger{nvinfer1::ILogger::Severity::kINFO};
  std::shared_ptr<nvinfer1::ICudaEngine> mEngine{nullptr};
  nvinfer1::Dims mInputDims;
  SampleUniquePtr<nvcaffeparser1::IBinaryProtoBlob> mMeanBlob;
  std::map<std::string, size_t> mSizes;
};

int main(int argc, char** argv) {
  assert(argc == 3);
  gDirectory = argv[1];
  initLibNvInferPlugins(&gLogger, "");
  int device = -1;
  CHECK(cudaSetDevice(0));
  CHECK(cudaGetDevice(&device));
  cudaDeviceProp prop;
  CHECK(cudaGetDeviceProperties(&prop, device));
  SampleMNIST sample;
  if (!sample.build(-1)) return 2;
  if (!sample.infer(atoi(argv[2]))) return 1;
  return sample.teardown() ? 0 : 3;
}
