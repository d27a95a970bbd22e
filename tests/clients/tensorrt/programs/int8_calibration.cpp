// INT8 asked for, with calibrators of all kinds: they are accepted, a warning says that they are
// not asked, and the engine stays in floating point.
#include <cstring>
#include <iterator>
#include <memory>

#include <NvCaffeParser.h>
#include <NvInfer.h>

#include "common.h"

using namespace nvinfer1;
using namespace nvcaffeparser1;

// Counts the warnings that name INT8.
class CountingLogger : public ILogger {
 public:
  void log(Severity severity, const char* msg) override {
    if (severity == Severity::kWARNING && strstr(msg, "INT8")) ++int8Warnings;
    if (severity == Severity::kERROR || severity == Severity::kINTERNAL_ERROR) ++errors;
    if (severity != Severity::kINFO) std::cerr << msg << std::endl;
  }
  int int8Warnings = 0, errors = 0;
};
static CountingLogger gLogger;

class BatchStream {
 public:
  BatchStream(int batchSize, int maxBatches) : mBatchSize(batchSize), mMaxBatches(maxBatches) {
    mDims = DimsNCHW{batchSize, 1, INPUT_H, INPUT_W};
    mBatch.resize(mDims.n() * mDims.c() * mDims.h() * mDims.w(), 0);
  }
  void reset(int firstBatch) { mBatchCount = firstBatch; }
  bool next() { return mBatchCount++ < mMaxBatches; }
  float* getBatch() { return &mBatch[0]; }
  int getBatchSize() const { return mBatchSize; }
  DimsNCHW getDims() const { return mDims; }

 private:
  int mBatchSize{0}, mMaxBatches{0}, mBatchCount{0};
  DimsNCHW mDims;
  std::vector<float> mBatch;
};

template <class Base>
class Calibrator : public Base {
 public:
  Calibrator(BatchStream& stream, bool readCache = true) : mStream(stream), mReadCache(readCache) {
    DimsNCHW dims = mStream.getDims();
    mInputCount = mStream.getBatchSize() * dims.c() * dims.h() * dims.w();
    CHECK(cudaMalloc(&mDeviceInput, mInputCount * sizeof(float)));
  }
  virtual ~Calibrator() { CHECK(cudaFree(mDeviceInput)); }
  int getBatchSize() const override { return mStream.getBatchSize(); }
  bool getBatch(void* bindings[], const char* names[], int nbBindings) override {
    if (!mStream.next()) return false;
    CHECK(cudaMemcpy(mDeviceInput, mStream.getBatch(), mInputCount * sizeof(float),
                     cudaMemcpyHostToDevice));
    assert(nbBindings == 1 && !strcmp(names[0], INPUT_BLOB_NAME));
    bindings[0] = mDeviceInput;
    return true;
  }
  const void* readCalibrationCache(size_t& length) override {
    mCalibrationCache.clear();
    std::ifstream input("no such CalibrationTable", std::ios::binary);
    input >> std::noskipws;
    if (mReadCache && input.good())
      std::copy(std::istream_iterator<char>(input), std::istream_iterator<char>(),
                std::back_inserter(mCalibrationCache));
    length = mCalibrationCache.size();
    return length ? &mCalibrationCache[0] : nullptr;
  }
  void writeCalibrationCache(const void*, size_t) override {}

 private:
  BatchStream& mStream;
  bool mReadCache{true};
  size_t mInputCount;
  void* mDeviceInput{nullptr};
  std::vector<char> mCalibrationCache;
};

class LegacyCalibrator : public Calibrator<IInt8LegacyCalibrator> {
 public:
  using Calibrator<IInt8LegacyCalibrator>::Calibrator;
  double getQuantile() const override { return 0.9999; }
  double getRegressionCutoff() const override { return 1.0; }
  const void* readHistogramCache(size_t& length) override {
    length = 0;
    return nullptr;
  }
  void writeHistogramCache(const void*, size_t) override {}
};

static int classify(int num, DataType dataType, IInt8Calibrator* calibrator) {
  IBuilder* builder = createInferBuilder(gLogger);
  INetworkDefinition* network = builder->createNetwork();
  ICaffeParser* parser = createCaffeParser();
  if (dataType == DataType::kINT8 && !builder->platformHasFastInt8())
    std::cout << "INT8 is not fast here\n";
  const IBlobNameToTensor* blobNameToTensor =
      parser->parse(locateFile(DEPLOY_FILE).c_str(), locateFile(MODEL_FILE).c_str(), *network,
                    dataType == DataType::kINT8 ? DataType::kFLOAT : dataType);
  assert(blobNameToTensor);
  network->markOutput(*blobNameToTensor->find(OUTPUT_BLOB_NAME));
  IBinaryProtoBlob* mean = parser->parseBinaryProto(locateFile(MEAN_FILE).c_str());
  builder->setMaxBatchSize(3);
  builder->setMaxWorkspaceSize(1 << 30);
  builder->setAverageFindIterations(1);
  builder->setMinFindIterations(1);
  builder->setDebugSync(true);
  builder->setInt8Mode(dataType == DataType::kINT8);
  builder->setHalf2Mode(dataType == DataType::kHALF);
  builder->setInt8Calibrator(calibrator);
  ICudaEngine* engine = builder->buildCudaEngine(*network);
  assert(engine);
  network->destroy();
  parser->destroy();
  builder->destroy();

  IExecutionContext* context = engine->createExecutionContext();
  const int in = engine->getBindingIndex(INPUT_BLOB_NAME),
            out = engine->getBindingIndex(OUTPUT_BLOB_NAME);
  Dims3 inputDims = static_cast<Dims3&&>(engine->getBindingDimensions(in));
  Dims3 outputDims = static_cast<Dims3&&>(engine->getBindingDimensions(out));
  const size_t inputSize = inputDims.d[0] * inputDims.d[1] * inputDims.d[2],
               outputSize = outputDims.d[0] * outputDims.d[1] * outputDims.d[2];
  const std::vector<uint8_t> fileData = readPGMFile(num);
  std::vector<float> input(inputSize), output(outputSize);
  for (size_t i = 0; i < inputSize; i++)
    input[i] = fileData[i] - static_cast<const float*>(mean->getData())[i];
  mean->destroy();
  void* buffers[2];
  float ms{0.0f};
  CHECK(cudaMalloc(&buffers[in], inputSize * sizeof(float)));
  CHECK(cudaMalloc(&buffers[out], outputSize * sizeof(float)));
  CHECK(cudaMemcpy(buffers[in], input.data(), inputSize * sizeof(float), cudaMemcpyHostToDevice));
  cudaStream_t stream;
  CHECK(cudaStreamCreate(&stream));
  cudaEvent_t start, end;
  CHECK(cudaEventCreateWithFlags(&start, cudaEventBlockingSync));
  CHECK(cudaEventCreateWithFlags(&end, cudaEventBlockingSync));
  cudaEventRecord(start, stream);
  context->enqueue(1, buffers, stream, nullptr);
  cudaEventRecord(end, stream);
  cudaEventSynchronize(end);
  cudaEventElapsedTime(&ms, start, end);
  cudaEventDestroy(start);
  cudaEventDestroy(end);
  assert(ms > 0);
  CHECK(
      cudaMemcpy(output.data(), buffers[out], outputSize * sizeof(float), cudaMemcpyDeviceToHost));
  CHECK(cudaFree(buffers[in]));
  CHECK(cudaFree(buffers[out]));
  CHECK(cudaStreamDestroy(stream));
  context->destroy();
  engine->destroy();
  return best(output.data());
}

int main(int argc, char** argv) {
  assert(argc == 3);
  gDirectory = argv[1];
  const int num = atoi(argv[2]);
  BatchStream stream(2, 3);
  std::vector<std::unique_ptr<IInt8Calibrator>> calibrators;
  calibrators.emplace_back(new LegacyCalibrator(stream));
  calibrators.emplace_back(new Calibrator<IInt8EntropyCalibrator>(stream));
  calibrators.emplace_back(new Calibrator<IInt8EntropyCalibrator2>(stream, false));
  assert(calibrators[0]->getAlgorithm() == CalibrationAlgoType::kLEGACY_CALIBRATION);
  assert(calibrators[1]->getAlgorithm() == CalibrationAlgoType::kENTROPY_CALIBRATION);
  assert(classify(num, DataType::kFLOAT, nullptr) == num && gLogger.int8Warnings == 0);
  assert(classify(num, DataType::kHALF, nullptr) == num && gLogger.int8Warnings == 0);
  for (auto& calibrator : calibrators) {
    const int before = gLogger.int8Warnings;
    assert(classify(num, DataType::kINT8, calibrator.get()) == num);
    assert(gLogger.int8Warnings > before);
  }
  return gLogger.errors == 0 ? 0 : 1;
}
