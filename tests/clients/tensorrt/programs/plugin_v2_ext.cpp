// The manner of TensorRT 5.1: a layer as IPluginV2Ext, which hears the types of its inputs and
// outputs; added through the API behind a parsed model, made anew by its registered creator.
#include <cstring>
#include <memory>

#include <NvCaffeParser.h>
#include <NvInfer.h>
#include <NvInferPlugin.h>

#include "common.h"

using namespace nvinfer1;

static Logger gLogger;
static int gLiving = 0, gAttached = 0;

// The sum of both inputs, which are equal.
class SumPlugin : public IPluginV2Ext {
 public:
  SumPlugin() { ++gLiving; }
  SumPlugin(const void* data, size_t length) : SumPlugin() {
    assert(length == sizeof(mCount));
    memcpy(&mCount, data, sizeof(mCount));
  }
  const char* getPluginType() const override { return "Sum"; }
  const char* getPluginVersion() const override { return "1"; }
  int getNbOutputs() const override { return 1; }
  Dims getOutputDimensions(int, const Dims* inputs, int nbInputDims) override {
    assert(nbInputDims == 2);
    return inputs[0];
  }
  bool supportsFormat(DataType type, PluginFormat format) const override {
    return type == DataType::kFLOAT && format == PluginFormat::kNCHW;
  }
  DataType getOutputDataType(int, const DataType* inputTypes, int nbInputs) const override {
    assert(nbInputs == 2 && inputTypes[1] == DataType::kFLOAT);
    return inputTypes[0];
  }
  bool isOutputBroadcastAcrossBatch(int, const bool*, int) const override { return false; }
  bool canBroadcastInputAcrossBatch(int) const override { return false; }
  void configurePlugin(const Dims* inputDims, int nbInputs, const Dims*, int nbOutputs,
                       const DataType* inputTypes, const DataType* outputTypes,
                       const bool* inputIsBroadcast, const bool* outputIsBroadcast,
                       PluginFormat floatFormat, int maxBatchSize) override {
    assert(nbInputs == 2 && nbOutputs == 1 && maxBatchSize == 1);
    assert(supportsFormat(inputTypes[1], floatFormat) && outputTypes[0] == DataType::kFLOAT);
    assert(!inputIsBroadcast[0] && !inputIsBroadcast[1] && !outputIsBroadcast[0]);
    mCount = inputDims[0].d[0] * inputDims[0].d[1] * inputDims[0].d[2];
  }
  void attachToContext(cudnnContext*, cublasContext*, IGpuAllocator*) override { ++gAttached; }
  void detachFromContext() override { --gAttached; }
  int initialize() override { return 0; }
  void terminate() override {}
  size_t getWorkspaceSize(int) const override { return 0; }
  int enqueue(int batchSize, const void* const* inputs, void** outputs, void*,
              cudaStream_t) override {
    const float* const* x = reinterpret_cast<const float* const*>(inputs);
    assert(gAttached > 0);
    for (int i = 0; i < batchSize * mCount; i++)
      static_cast<float*>(outputs[0])[i] = x[0][i] + x[1][i];
    return 0;
  }
  size_t getSerializationSize() const override { return sizeof(mCount); }
  void serialize(void* buffer) const override { memcpy(buffer, &mCount, sizeof(mCount)); }
  void destroy() override { delete this; }
  IPluginV2Ext* clone() const override {
    SumPlugin* copy = new SumPlugin;
    copy->mCount = mCount;
    return copy;
  }
  void setPluginNamespace(const char*) override {}
  const char* getPluginNamespace() const override { return ""; }

 protected:
  ~SumPlugin() override { --gLiving; }

 private:
  int mCount = 0;
};

class SumPluginCreator : public IPluginCreator {
 public:
  const char* getPluginName() const override { return "Sum"; }
  const char* getPluginVersion() const override { return "1"; }
  const PluginFieldCollection* getFieldNames() override { return &mFields; }
  IPluginV2Ext* createPlugin(const char*, const PluginFieldCollection*) override {
    return new SumPlugin;
  }
  IPluginV2Ext* deserializePlugin(const char*, const void* data, size_t length) override {
    return new SumPlugin(data, length);
  }
  void setPluginNamespace(const char*) override {}
  const char* getPluginNamespace() const override { return ""; }

 private:
  PluginFieldCollection mFields{0, nullptr};
};
REGISTER_TENSORRT_PLUGIN(SumPluginCreator);

static IHostMemory* build() {
  IBuilder* builder = createInferBuilder(gLogger);
  INetworkDefinition* network = builder->createNetwork();
  nvcaffeparser1::ICaffeParser* parser = nvcaffeparser1::createCaffeParser();
  const nvcaffeparser1::IBlobNameToTensor* blobs = parser->parse(
      locateFile(DEPLOY_FILE).c_str(), locateFile(MODEL_FILE).c_str(), *network, DataType::kFLOAT);
  assert(blobs);
  ITensor* twice[] = {blobs->find(OUTPUT_BLOB_NAME), blobs->find(OUTPUT_BLOB_NAME)};
  IPluginCreator* creator = getPluginRegistry()->getPluginCreator("Sum", "1");
  assert(creator);
  IPluginV2* plugin = creator->createPlugin("sum", creator->getFieldNames());
  IPluginV2Layer* sum = network->addPluginV2(twice, 2, *plugin);
  assert(sum);
  plugin->destroy();
  sum->setName("sum");
  sum->getOutput(0)->setName("sum");
  network->markOutput(*sum->getOutput(0));
  builder->setMaxBatchSize(1);
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
  const int digit = atoi(argv[2]);
  IHostMemory* bytes = build();
  assert(gLiving == 0 && gAttached == 0);
  IRuntime* runtime = createInferRuntime(gLogger);
  ICudaEngine* engine = runtime->deserializeCudaEngine(bytes->data(), bytes->size(), nullptr);
  assert(engine);
  bytes->destroy();
  IExecutionContext* context = engine->createExecutionContext();

  nvcaffeparser1::ICaffeParser* parser = nvcaffeparser1::createCaffeParser();
  nvcaffeparser1::IBinaryProtoBlob* mean = parser->parseBinaryProto(locateFile(MEAN_FILE).c_str());
  const float* meanData = static_cast<const float*>(mean->getData());
  const std::vector<uint8_t> pixels = readPGMFile(digit);
  float input[INPUT_H * INPUT_W], prob[OUTPUT_SIZE];
  for (int i = 0; i < INPUT_H * INPUT_W; i++) input[i] = pixels[i] - meanData[i];
  mean->destroy();
  parser->destroy();

  void* buffers[2];
  const int in = engine->getBindingIndex(INPUT_BLOB_NAME), out = engine->getBindingIndex("sum");
  CHECK(cudaMalloc(&buffers[in], sizeof(input)));
  CHECK(cudaMalloc(&buffers[out], sizeof(prob)));
  CHECK(cudaMemcpy(buffers[in], input, sizeof(input), cudaMemcpyHostToDevice));
  assert(context->execute(1, buffers));
  CHECK(cudaMemcpy(prob, buffers[out], sizeof(prob), cudaMemcpyDeviceToHost));
  CHECK(cudaFree(buffers[in]));
  CHECK(cudaFree(buffers[out]));
  context->destroy();
  engine->destroy();
  runtime->destroy();
  assert(gLiving == 0 && gAttached == 0);
  float sum = 0;
  for (float p : prob) sum += p;
  assert(sum > 1.999f && sum < 2.001f);  // of two distributions
  return best(prob) == digit ? gLogger.errors : 1;
}
