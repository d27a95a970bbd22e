// The last inner product is the program's own layer, made of cuBLAS and cuDNN calls in the order of
// the engine's stream; two items at once, on `enqueue` and on `execute`.
#include <cstring>
#include <memory>

#include <NvCaffeParser.h>
#include <NvInfer.h>
#include <cublas_v2.h>
#include <cudnn.h>

#include "common.h"

using namespace nvinfer1;

static Logger gLogger;

class InnerProduct : public IPluginExt {
 public:
  explicit InnerProduct(std::vector<float> numbers) : mHost(numbers) {}
  int getNbOutputs() const override { return 1; }
  Dims getOutputDimensions(int, const Dims* inputs, int) override {
    mInputs = inputs[0].d[0] * inputs[0].d[1] * inputs[0].d[2];
    return Dims3(OUTPUT_SIZE, 1, 1);
  }
  bool supportsFormat(DataType type, PluginFormat format) const override {
    return type == DataType::kFLOAT && format == PluginFormat::kNCHW;
  }
  void configureWithFormat(const Dims* inputs, int, const Dims*, int, DataType, PluginFormat,
                           int) override {
    mInputs = inputs[0].d[0] * inputs[0].d[1] * inputs[0].d[2];
  }
  int initialize() override {
    mInputs = int(mHost.size()) / OUTPUT_SIZE - 1;
    CHECK(cublasCreate(&mBlas));
    CHECK(cudnnCreate(&mDnn));
    CHECK(cudnnCreateTensorDescriptor(&mBias));
    CHECK(cudnnCreateTensorDescriptor(&mResult));
    CHECK(cudaMalloc(&mDevice, mHost.size() * sizeof(float)));
    CHECK(cudaMemcpy(mDevice, mHost.data(), mHost.size() * sizeof(float), cudaMemcpyHostToDevice));
    return 0;
  }
  void terminate() override {
    CHECK(cudaFree(mDevice));
    CHECK(cudnnDestroyTensorDescriptor(mResult));
    CHECK(cudnnDestroyTensorDescriptor(mBias));
    CHECK(cudnnDestroy(mDnn));
    CHECK(cublasDestroy(mBlas));
  }
  size_t getWorkspaceSize(int) const override { return 0; }
  int enqueue(int batchSize, const void* const* inputs, void** outputs, void*,
              cudaStream_t stream) override {
    const float one = 1, zero = 0;
    const float* kernel = static_cast<const float*>(mDevice);
    CHECK(cublasSetStream(mBlas, stream));
    CHECK(cudnnSetStream(mDnn, stream));
    CHECK(cublasSgemm(mBlas, CUBLAS_OP_T, CUBLAS_OP_N, OUTPUT_SIZE, batchSize, mInputs, &one,
                      kernel, mInputs, static_cast<const float*>(inputs[0]), mInputs, &zero,
                      static_cast<float*>(outputs[0]), OUTPUT_SIZE));
    CHECK(cudnnSetTensor4dDescriptor(mBias, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, 1, OUTPUT_SIZE, 1,
                                     1));
    CHECK(cudnnSetTensor4dDescriptor(mResult, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT, batchSize,
                                     OUTPUT_SIZE, 1, 1));
    CHECK(cudnnAddTensor(mDnn, &one, mBias, kernel + OUTPUT_SIZE * mInputs, &one, mResult,
                         outputs[0]));
    return 0;
  }
  size_t getSerializationSize() override { return mHost.size() * sizeof(float); }
  void serialize(void* buffer) override { memcpy(buffer, mHost.data(), getSerializationSize()); }

 private:
  std::vector<float> mHost;  // weights, then biases
  int mInputs = 0;
  void* mDevice = nullptr;
  cublasHandle_t mBlas = nullptr;
  cudnnHandle_t mDnn = nullptr;
  cudnnTensorDescriptor_t mBias = nullptr, mResult = nullptr;
};

class Factory : public nvinfer1::IPluginFactory, public nvcaffeparser1::IPluginFactoryExt {
 public:
  bool isPlugin(const char* name) override { return isPluginExt(name); }
  bool isPluginExt(const char* name) override { return !strcmp(name, "ip2"); }
  IPlugin* createPlugin(const char* name, const Weights* weights, int nbWeights) override {
    assert(isPlugin(name) && nbWeights == 2 && weights[1].count == OUTPUT_SIZE);
    std::vector<float> numbers;
    for (int k = 0; k < nbWeights; k++) {
      const float* values = static_cast<const float*>(weights[k].values);
      numbers.insert(numbers.end(), values, values + weights[k].count);
    }
    mPlugin.reset(new InnerProduct(numbers));
    return mPlugin.get();
  }
  IPlugin* createPlugin(const char* name, const void* data, size_t length) override {
    assert(isPlugin(name));
    const float* values = static_cast<const float*>(data);
    mPlugin.reset(new InnerProduct(std::vector<float>(values, values + length / sizeof(float))));
    return mPlugin.get();
  }

 private:
  std::unique_ptr<InnerProduct> mPlugin;
};

static IHostMemory* build() {
  Factory factory;
  IBuilder* builder = createInferBuilder(gLogger);
  INetworkDefinition* network = builder->createNetwork();
  nvcaffeparser1::ICaffeParser* parser = nvcaffeparser1::createCaffeParser();
  parser->setPluginFactoryExt(&factory);
  const nvcaffeparser1::IBlobNameToTensor* blobs = parser->parse(
      locateFile(DEPLOY_FILE).c_str(), locateFile(MODEL_FILE).c_str(), *network, DataType::kFLOAT);
  assert(blobs);
  network->markOutput(*blobs->find(OUTPUT_BLOB_NAME));
  builder->setMaxBatchSize(2);
  builder->setMaxWorkspaceSize(1 << 20);
  ICudaEngine* engine = builder->buildCudaEngine(*network);
  assert(engine);
  network->destroy();
  parser->destroy();
  IHostMemory* bytes = engine->serialize();
  engine->destroy();
  builder->destroy();
  return bytes;
}

int main(int argc, char** argv) {
  assert(argc == 3);
  gDirectory = argv[1];
  const int digit = atoi(argv[2]), other = (digit + 1) % 10;
  IHostMemory* bytes = build();
  Factory factory;
  IRuntime* runtime = createInferRuntime(gLogger);
  ICudaEngine* engine = runtime->deserializeCudaEngine(bytes->data(), bytes->size(), &factory);
  assert(engine);
  bytes->destroy();
  IExecutionContext* context = engine->createExecutionContext();

  nvcaffeparser1::ICaffeParser* parser = nvcaffeparser1::createCaffeParser();
  nvcaffeparser1::IBinaryProtoBlob* mean = parser->parseBinaryProto(locateFile(MEAN_FILE).c_str());
  const float* meanData = static_cast<const float*>(mean->getData());
  std::vector<float> input;
  for (int d : {digit, other}) {
    const std::vector<uint8_t> pixels = readPGMFile(d);
    for (size_t i = 0; i < pixels.size(); i++) input.push_back(pixels[i] - meanData[i]);
  }
  mean->destroy();
  parser->destroy();

  void* buffers[2];
  const int in = engine->getBindingIndex(INPUT_BLOB_NAME);
  const int out = engine->getBindingIndex(OUTPUT_BLOB_NAME);
  float prob[2][2 * OUTPUT_SIZE];
  CHECK(cudaMalloc(&buffers[in], input.size() * sizeof(float)));
  CHECK(cudaMalloc(&buffers[out], sizeof(prob[0])));
  cudaStream_t stream;
  CHECK(cudaStreamCreate(&stream));
  CHECK(cudaMemcpyAsync(buffers[in], input.data(), input.size() * sizeof(float),
                        cudaMemcpyHostToDevice, stream));
  assert(context->enqueue(2, buffers, stream, nullptr));
  CHECK(cudaMemcpyAsync(prob[0], buffers[out], sizeof(prob[0]), cudaMemcpyDeviceToHost, stream));
  CHECK(cudaStreamSynchronize(stream));
  assert(context->execute(2, buffers));
  CHECK(cudaMemcpy(prob[1], buffers[out], sizeof(prob[1]), cudaMemcpyDeviceToHost));
  CHECK(cudaStreamDestroy(stream));
  CHECK(cudaFree(buffers[in]));
  CHECK(cudaFree(buffers[out]));
  context->destroy();
  engine->destroy();
  runtime->destroy();
  for (const float* p : prob)
    if (best(p) != digit || best(p + OUTPUT_SIZE) != other) return 1;
  return gLogger.errors;
}
