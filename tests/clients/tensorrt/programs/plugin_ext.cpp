// An IPluginExt in the middle of a parsed network, put there by rewiring; it copies on the stream
// that it is given, so it runs on a GPU and on the CPU alike. Its bytes hold one number.
#include <cstring>

#include <NvCaffeParser.h>
#include <NvInfer.h>

#include "common.h"

using namespace nvinfer1;

static Logger gLogger;

class CopyPlugin : public IPluginExt {
 public:
  explicit CopyPlugin(int mark) : mMark(mark) {}
  int getNbOutputs() const override { return 1; }
  Dims getOutputDimensions(int, const Dims* inputs, int) override { return inputs[0]; }
  bool supportsFormat(DataType type, PluginFormat format) const override {
    return type == DataType::kFLOAT && format == PluginFormat::kNCHW;
  }
  void configureWithFormat(const Dims* inputDims, int, const Dims*, int, DataType type,
                           PluginFormat, int maxBatchSize) override {
    assert(type == DataType::kFLOAT && maxBatchSize == 1);
    mCount = inputDims[0].d[0];
  }
  int initialize() override { return 0; }
  void terminate() override {}
  size_t getWorkspaceSize(int) const override { return 0; }
  int enqueue(int batchSize, const void* const* inputs, void** outputs, void*,
              cudaStream_t stream) override {
    ++mCalls;
    return cudaMemcpyAsync(outputs[0], inputs[0], size_t(batchSize) * 100 * sizeof(float),
                           cudaMemcpyDeviceToDevice, stream) != cudaSuccess;
  }
  size_t getSerializationSize() override { return sizeof(mMark); }
  void serialize(void* buffer) override { memcpy(buffer, &mMark, sizeof(mMark)); }
  int mMark, mCount = 0, mCalls = 0;
};

struct Factory : public nvinfer1::IPluginFactory {
  IPlugin* createPlugin(const char* layerName, const void* data, size_t length) override {
    int mark = 0;
    assert(layerName == std::string("copy") && length == sizeof(mark));
    memcpy(&mark, data, sizeof(mark));
    mPlugin = new CopyPlugin(mark);
    return mPlugin;
  }
  CopyPlugin* mPlugin = nullptr;
};

int main(int argc, char** argv) {
  assert(argc == 3);
  gDirectory = argv[1];
  const int num = atoi(argv[2]);
  IBuilder* builder = createInferBuilder(gLogger);
  INetworkDefinition* network = builder->createNetwork();
  nvcaffeparser1::ICaffeParser* parser = nvcaffeparser1::createCaffeParser();
  const nvcaffeparser1::IBlobNameToTensor* blobs = parser->parse(
      locateFile(DEPLOY_FILE).c_str(), locateFile(MODEL_FILE).c_str(), *network, DataType::kFLOAT);
  assert(blobs);
  CopyPlugin plugin(42);
  ITensor* hidden = blobs->find("ip1");
  IPluginLayer* copy = network->addPluginExt(&hidden, 1, plugin);
  assert(copy && &copy->getPlugin() == &plugin);
  copy->setName("copy");
  Dims d = copy->getOutput(0)->getDimensions();
  assert(d.nbDims == 3 && d.d[0] == 100);
  network->getLayer(6)->setInput(0, *copy->getOutput(0));
  network->markOutput(*blobs->find(OUTPUT_BLOB_NAME));
  builder->setMaxWorkspaceSize(1 << 20);
  ICudaEngine* engine = builder->buildCudaEngine(*network);
  assert(engine && plugin.mCount == 100);
  IHostMemory* stream = engine->serialize();
  nvcaffeparser1::IBinaryProtoBlob* mean = parser->parseBinaryProto(locateFile(MEAN_FILE).c_str());
  engine->destroy();
  network->destroy();
  parser->destroy();
  builder->destroy();

  IRuntime* runtime = createInferRuntime(gLogger);
  assert(gLogger.errors == 0);
  assert(!runtime->deserializeCudaEngine(stream->data(), stream->size(), nullptr));  // no factory
  assert(gLogger.errors == 1);
  Factory factory;
  engine = runtime->deserializeCudaEngine(stream->data(), stream->size(), &factory);
  assert(engine && factory.mPlugin && factory.mPlugin->mMark == 42);
  stream->destroy();
  IExecutionContext* context = engine->createExecutionContext();
  const std::vector<uint8_t> fileData = readPGMFile(num);
  float input[INPUT_H * INPUT_W], output[OUTPUT_SIZE];
  for (int i = 0; i < INPUT_H * INPUT_W; i++)
    input[i] = fileData[i] - static_cast<const float*>(mean->getData())[i];
  mean->destroy();
  const int in = engine->getBindingIndex(INPUT_BLOB_NAME),
            out = engine->getBindingIndex(OUTPUT_BLOB_NAME);
  void* buffers[2];
  CHECK(cudaMalloc(&buffers[in], sizeof(input)));
  CHECK(cudaMalloc(&buffers[out], sizeof(output)));
  CHECK(cudaMemcpy(buffers[in], input, sizeof(input), cudaMemcpyHostToDevice));
  assert(context->execute(1, buffers) && factory.mPlugin->mCalls == 1);
  cudaStream_t queue;
  CHECK(cudaStreamCreate(&queue));
  assert(context->enqueue(1, buffers, queue, nullptr));
  CHECK(cudaStreamSynchronize(queue));
  assert(factory.mPlugin->mCalls == 2);
  CHECK(cudaMemcpy(output, buffers[out], sizeof(output), cudaMemcpyDeviceToHost));
  CHECK(cudaStreamDestroy(queue));
  CHECK(cudaFree(buffers[in]));
  CHECK(cudaFree(buffers[out]));
  context->destroy();
  engine->destroy();
  runtime->destroy();
  delete factory.mPlugin;
  return best(output) == num && gLogger.errors == 1 ? 0 : 1;
}
