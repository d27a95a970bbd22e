// A plugin that leaves its work to the stream it is told: the probabilities go through its
// workspace to a second output, by copies. It reads no number itself, so it serves device memory as
// well as host memory. Two threads build and run such networks at once.
#include <cstring>
#include <memory>
#include <thread>

#include <NvCaffeParser.h>
#include <NvInfer.h>

#include "common.h"

using namespace nvinfer1;

static Logger gLogger;

class CopyPlugin : public IPlugin {
 public:
  CopyPlugin() {}
  CopyPlugin(const void* data, size_t length) {
    assert(length == sizeof(mCopySize));
    memcpy(&mCopySize, data, length);
  }
  int getNbOutputs() const override { return 1; }
  Dims getOutputDimensions(int index, const Dims* inputs, int nbInputDims) override {
    assert(index == 0 && nbInputDims == 1);
    return DimsCHW(inputs[0].d[2], inputs[0].d[0], inputs[0].d[1]);  // only the shape changes
  }
  int initialize() override { return 0; }
  void terminate() override {}
  size_t getWorkspaceSize(int maxBatchSize) const override { return maxBatchSize * mCopySize; }
  int enqueue(int batchSize, const void* const* inputs, void** outputs, void* workspace,
              cudaStream_t stream) override {
    CHECK(cudaMemcpyAsync(workspace, inputs[0], batchSize * mCopySize, cudaMemcpyDeviceToDevice,
                          stream));
    CHECK(cudaMemcpyAsync(outputs[0], workspace, batchSize * mCopySize, cudaMemcpyDeviceToDevice,
                          stream));
    return 0;
  }
  size_t getSerializationSize() override { return sizeof(mCopySize); }
  void serialize(void* buffer) override { memcpy(buffer, &mCopySize, sizeof(mCopySize)); }
  void configure(const Dims* inputs, int, const Dims*, int, int) override {
    mCopySize = inputs[0].d[0] * inputs[0].d[1] * inputs[0].d[2] * sizeof(float);
  }

 private:
  size_t mCopySize = 0;
};

class PluginFactory : public nvinfer1::IPluginFactory {
 public:
  IPlugin* createPlugin(const char* layerName, const void* serialData,
                        size_t serialLength) override {
    assert(!strcmp(layerName, "copy") && !mPlugin);
    mPlugin.reset(new CopyPlugin(serialData, serialLength));
    return mPlugin.get();
  }
  std::unique_ptr<CopyPlugin> mPlugin;
};

static bool classify(int num) {
  const int batch = 2;
  CopyPlugin plugin;
  PluginFactory factory;
  IBuilder* builder = createInferBuilder(gLogger);
  INetworkDefinition* network = builder->createNetwork();
  nvcaffeparser1::ICaffeParser* parser = nvcaffeparser1::createCaffeParser();
  const nvcaffeparser1::IBlobNameToTensor* blobs = parser->parse(
      locateFile(DEPLOY_FILE).c_str(), locateFile(MODEL_FILE).c_str(), *network, DataType::kFLOAT);
  assert(blobs);
  ITensor* prob = blobs->find(OUTPUT_BLOB_NAME);
  IPluginLayer* layer = network->addPlugin(&prob, 1, plugin);
  assert(layer && &layer->getPlugin() == &plugin);
  layer->setName("copy");
  layer->getOutput(0)->setName("copied");
  network->markOutput(*prob);
  network->markOutput(*layer->getOutput(0));
  nvcaffeparser1::IBinaryProtoBlob* mean = parser->parseBinaryProto(locateFile(MEAN_FILE).c_str());
  builder->setMaxBatchSize(batch);
  builder->setMaxWorkspaceSize(1 << 20);
  ICudaEngine* engine = builder->buildCudaEngine(*network);
  assert(engine);
  parser->destroy();
  network->destroy();
  IHostMemory* memory = engine->serialize();
  engine->destroy();
  builder->destroy();
  IRuntime* runtime = createInferRuntime(gLogger);
  engine = runtime->deserializeCudaEngine(memory->data(), memory->size(), &factory);
  assert(engine && factory.mPlugin);
  memory->destroy();

  float input[batch * INPUT_H * INPUT_W], output[batch * OUTPUT_SIZE], copied[batch * OUTPUT_SIZE];
  for (int b = 0; b < batch; b++) {
    const std::vector<uint8_t> pixels = readPGMFile((num + b) % 10);
    for (int i = 0; i < INPUT_H * INPUT_W; i++)
      input[b * INPUT_H * INPUT_W + i] = pixels[i] - static_cast<const float*>(mean->getData())[i];
  }
  mean->destroy();
  const int in = engine->getBindingIndex(INPUT_BLOB_NAME),
            out = engine->getBindingIndex(OUTPUT_BLOB_NAME),
            copy = engine->getBindingIndex("copied");
  const Dims dims = engine->getBindingDimensions(copy);
  assert(dims.nbDims == 3 && dims.d[0] == 1 && dims.d[1] == OUTPUT_SIZE && dims.d[2] == 1);
  void* buffers[3];
  CHECK(cudaMalloc(&buffers[in], sizeof(input)));
  CHECK(cudaMalloc(&buffers[out], sizeof(output)));
  CHECK(cudaMalloc(&buffers[copy], sizeof(copied)));
  CHECK(cudaMemset(buffers[copy], 0xFF, sizeof(copied)));
  cudaStream_t stream;
  CHECK(cudaStreamCreate(&stream));
  IExecutionContext* context = engine->createExecutionContext();
  bool right = true;
  for (int round = 0; round < 3; round++) {
    CHECK(cudaMemcpyAsync(buffers[in], input, sizeof(input), cudaMemcpyHostToDevice, stream));
    right &= context->enqueue(batch, buffers, stream, nullptr);
    CHECK(cudaMemcpyAsync(output, buffers[out], sizeof(output), cudaMemcpyDeviceToHost, stream));
    CHECK(cudaMemcpyAsync(copied, buffers[copy], sizeof(copied), cudaMemcpyDeviceToHost, stream));
    CHECK(cudaStreamSynchronize(stream));
    for (int b = 0; b < batch; b++) right &= best(copied + b * OUTPUT_SIZE) == (num + b) % 10;
    right &= memcmp(output, copied, sizeof(output)) == 0;
  }
  // Batches of different sizes behind each other, without a look in between.
  for (int size : {2, 1, 2, 1}) right &= context->enqueue(size, buffers, stream, nullptr);
  CHECK(cudaMemcpyAsync(copied, buffers[copy], sizeof(copied), cudaMemcpyDeviceToHost, stream));
  CHECK(cudaStreamSynchronize(stream));
  right &= best(copied) == num && best(copied + OUTPUT_SIZE) == (num + 1) % 10;
  right &= context->execute(1, buffers);
  CHECK(cudaStreamDestroy(stream));
  for (void* b : buffers) CHECK(cudaFree(b));
  context->destroy();
  engine->destroy();
  runtime->destroy();
  return right;
}

int main(int argc, char** argv) {
  assert(argc == 3);
  gDirectory = argv[1];
  const int num = atoi(argv[2]);
  // Two at once, each with plugins of its own under the same name.
  bool first = false, second = false;
  std::thread other([&] { first = classify((num + 5) % 10); });
  second = classify(num);
  other.join();
  return first && second && gLogger.errors == 0 ? 0 : 1;
}
