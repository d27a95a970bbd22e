// A layer of the model is implemented by the program: a factory claims it by name for the parser,
// and another makes it anew from its serialized bytes for the runtime.
#include <cstring>
#include <memory>

#include <NvCaffeParser.h>
#include <NvInfer.h>

#include "common.h"

using namespace nvinfer1;

static Logger gLogger;

// y = W x + b on the host.
class FCPlugin : public IPlugin {
 public:
  FCPlugin(const Weights* weights, int nbWeights, int nbOutputs) : mOutputs(nbOutputs) {
    assert(nbWeights == 2);
    const float* w = static_cast<const float*>(weights[0].values);
    const float* b = static_cast<const float*>(weights[1].values);
    assert(weights[1].count == nbOutputs);
    mKernel.assign(w, w + weights[0].count);
    mBias.assign(b, b + weights[1].count);
  }
  FCPlugin(const void* data, size_t length) {
    const char* d = static_cast<const char*>(data);
    int counts[2];
    memcpy(counts, d, sizeof(counts));
    mOutputs = counts[1];
    mKernel.resize(counts[0]);
    mBias.resize(counts[1]);
    memcpy(mKernel.data(), d + sizeof(counts), mKernel.size() * sizeof(float));
    memcpy(mBias.data(), d + sizeof(counts) + mKernel.size() * sizeof(float),
           mBias.size() * sizeof(float));
    assert(length == getSerializationSize());
  }
  int getNbOutputs() const override { return 1; }
  Dims getOutputDimensions(int index, const Dims* inputs, int nbInputDims) override {
    assert(index == 0 && nbInputDims == 1 && inputs[0].nbDims == 3);
    return DimsCHW(mOutputs, 1, 1);
  }
  void configure(const Dims* inputDims, int nbInputs, const Dims* outputDims, int nbOutputs,
                 int) override {
    assert(nbInputs == 1 && nbOutputs == 1 && outputDims[0].d[0] == mOutputs);
    assert(inputDims[0].d[0] * mOutputs == int(mKernel.size()));
    mConfigured = true;
  }
  int initialize() override {
    ++mRunning;
    return 0;
  }
  void terminate() override { --mRunning; }
  size_t getWorkspaceSize(int maxBatchSize) const override {
    return maxBatchSize * mOutputs * sizeof(float);
  }
  int enqueue(int batchSize, const void* const* inputs, void** outputs, void* workspace,
              cudaStream_t stream) override {
    assert(mRunning == 1);
    const int n = int(mKernel.size()) / mOutputs;
    const float* x = static_cast<const float*>(inputs[0]);
    float* sum = static_cast<float*>(workspace);
    for (int b = 0; b < batchSize; b++)
      for (int o = 0; o < mOutputs; o++) {
        sum[b * mOutputs + o] = mBias[o];
        for (int i = 0; i < n; i++) sum[b * mOutputs + o] += mKernel[o * n + i] * x[b * n + i];
      }
    CHECK(cudaMemcpyAsync(outputs[0], sum, batchSize * mOutputs * sizeof(float),
                          cudaMemcpyDeviceToDevice, stream));
    return 0;
  }
  size_t getSerializationSize() override {
    return 2 * sizeof(int) + (mKernel.size() + mBias.size()) * sizeof(float);
  }
  void serialize(void* buffer) override {
    assert(mConfigured);
    char* d = static_cast<char*>(buffer);
    const int counts[2] = {int(mKernel.size()), int(mBias.size())};
    memcpy(d, counts, sizeof(counts));
    memcpy(d + sizeof(counts), mKernel.data(), mKernel.size() * sizeof(float));
    memcpy(d + sizeof(counts) + mKernel.size() * sizeof(float), mBias.data(),
           mBias.size() * sizeof(float));
  }
  int mRunning = 0;

 private:
  int mOutputs;
  std::vector<float> mKernel, mBias;
  bool mConfigured = false;
};

class PluginFactory : public nvinfer1::IPluginFactory, public nvcaffeparser1::IPluginFactory {
 public:
  bool isPlugin(const char* name) override { return !strcmp(name, "ip2"); }
  IPlugin* createPlugin(const char* layerName, const Weights* weights, int nbWeights) override {
    assert(isPlugin(layerName) && mPlugin.get() == nullptr);
    mPlugin = std::unique_ptr<FCPlugin>(new FCPlugin(weights, nbWeights, OUTPUT_SIZE));
    return mPlugin.get();
  }
  IPlugin* createPlugin(const char* layerName, const void* serialData,
                        size_t serialLength) override {
    assert(isPlugin(layerName) && mPlugin.get() == nullptr);
    mPlugin = std::unique_ptr<FCPlugin>(new FCPlugin(serialData, serialLength));
    return mPlugin.get();
  }
  void destroyPlugin() {
    assert(!mPlugin || mPlugin->mRunning == 0);
    mPlugin.reset();
  }
  std::unique_ptr<FCPlugin> mPlugin{nullptr};
};

int main(int argc, char** argv) {
  assert(argc == 3);
  gDirectory = argv[1];
  const int num = atoi(argv[2]);

  PluginFactory parserPluginFactory;
  IBuilder* builder = createInferBuilder(gLogger);
  INetworkDefinition* network = builder->createNetwork();
  nvcaffeparser1::ICaffeParser* parser = nvcaffeparser1::createCaffeParser();
  parser->setPluginFactory(&parserPluginFactory);
  const nvcaffeparser1::IBlobNameToTensor* blobs = parser->parse(
      locateFile(DEPLOY_FILE).c_str(), locateFile(MODEL_FILE).c_str(), *network, DataType::kFLOAT);
  assert(blobs && parserPluginFactory.mPlugin);
  network->markOutput(*blobs->find(OUTPUT_BLOB_NAME));
  builder->setMaxBatchSize(2);
  builder->setMaxWorkspaceSize(1 << 20);
  ICudaEngine* engine = builder->buildCudaEngine(*network);
  assert(engine);
  nvcaffeparser1::IBinaryProtoBlob* mean = parser->parseBinaryProto(locateFile(MEAN_FILE).c_str());
  network->destroy();
  parser->destroy();
  IHostMemory* stream = engine->serialize();
  engine->destroy();
  builder->destroy();
  parserPluginFactory.destroyPlugin();

  PluginFactory pluginFactory;
  IRuntime* runtime = createInferRuntime(gLogger);
  engine = runtime->deserializeCudaEngine(stream->data(), stream->size(), &pluginFactory);
  assert(engine && pluginFactory.mPlugin);
  stream->destroy();
  IExecutionContext* context = engine->createExecutionContext();
  const std::vector<uint8_t> fileData = readPGMFile(num);
  float input[2 * INPUT_H * INPUT_W], output[2 * OUTPUT_SIZE];
  for (int i = 0; i < 2 * INPUT_H * INPUT_W; i++)
    input[i] = fileData[i % (INPUT_H * INPUT_W)] -
               static_cast<const float*>(mean->getData())[i % (INPUT_H * INPUT_W)];
  mean->destroy();
  const int in = engine->getBindingIndex(INPUT_BLOB_NAME),
            out = engine->getBindingIndex(OUTPUT_BLOB_NAME);
  void* buffers[2];
  CHECK(cudaMalloc(&buffers[in], sizeof(input)));
  CHECK(cudaMalloc(&buffers[out], sizeof(output)));
  cudaStream_t queue;
  CHECK(cudaStreamCreate(&queue));
  CHECK(cudaMemcpyAsync(buffers[in], input, sizeof(input), cudaMemcpyHostToDevice, queue));
  assert(context->enqueue(2, buffers, queue, nullptr));
  CHECK(cudaMemcpyAsync(output, buffers[out], sizeof(output), cudaMemcpyDeviceToHost, queue));
  CHECK(cudaStreamSynchronize(queue));
  CHECK(cudaStreamDestroy(queue));
  CHECK(cudaFree(buffers[in]));
  CHECK(cudaFree(buffers[out]));
  context->destroy();
  engine->destroy();
  runtime->destroy();
  pluginFactory.destroyPlugin();
  return best(output) == num && best(output + OUTPUT_SIZE) == num && gLogger.errors == 0 ? 0 : 1;
}
