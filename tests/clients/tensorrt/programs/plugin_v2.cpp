// The manner of TensorRT 5: a layer as IPluginV2, claimed through a factory for the parser, and
// made anew by a registered creator in another process, which has no factory at all.
#include <cstring>
#include <memory>

#include <NvCaffeParser.h>
#include <NvInfer.h>
#include <NvInferPlugin.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common.h"

using namespace nvinfer1;

static Logger gLogger;
static int gLiving = 0;

// y = max(x, slope * x).
class LeakyPlugin : public IPluginV2 {
 public:
  explicit LeakyPlugin(float slope) : mSlope(slope) { ++gLiving; }
  LeakyPlugin(const void* data, size_t length) {
    assert(length == getSerializationSize());
    const char* d = static_cast<const char*>(data);
    memcpy(&mSlope, d, sizeof(mSlope));
    memcpy(&mCount, d + sizeof(mSlope), sizeof(mCount));
    ++gLiving;
  }
  const char* getPluginType() const override { return "Leaky"; }
  const char* getPluginVersion() const override { return "2"; }
  int getNbOutputs() const override { return 1; }
  Dims getOutputDimensions(int, const Dims* inputs, int nbInputDims) override {
    assert(nbInputDims == 1);
    return inputs[0];
  }
  bool supportsFormat(DataType type, PluginFormat format) const override {
    return type == DataType::kFLOAT && format == PluginFormat::kNCHW;
  }
  void configureWithFormat(const Dims* inputDims, int nbInputs, const Dims*, int nbOutputs,
                           DataType type, PluginFormat format, int maxBatchSize) override {
    assert(nbInputs == 1 && nbOutputs == 1 && maxBatchSize == 2 && supportsFormat(type, format));
    mCount = 1;
    for (int i = 0; i < inputDims[0].nbDims; i++) mCount *= inputDims[0].d[i];
  }
  int initialize() override {
    mReady = true;
    return 0;
  }
  void terminate() override { mReady = false; }
  size_t getWorkspaceSize(int) const override { return 0; }
  int enqueue(int batchSize, const void* const* inputs, void** outputs, void*,
              cudaStream_t) override {
    if (!mReady) return 1;
    const float* x = static_cast<const float*>(inputs[0]);
    float* y = static_cast<float*>(outputs[0]);
    for (int i = 0; i < batchSize * mCount; i++) y[i] = x[i] > 0 ? x[i] : mSlope * x[i];
    return 0;
  }
  size_t getSerializationSize() const override { return sizeof(mSlope) + sizeof(mCount); }
  void serialize(void* buffer) const override {
    char* d = static_cast<char*>(buffer);
    memcpy(d, &mSlope, sizeof(mSlope));
    memcpy(d + sizeof(mSlope), &mCount, sizeof(mCount));
  }
  void destroy() override { delete this; }
  IPluginV2* clone() const override {
    LeakyPlugin* copy = new LeakyPlugin(mSlope);
    copy->mCount = mCount;
    copy->mNamespace = mNamespace;
    return copy;
  }
  void setPluginNamespace(const char* pluginNamespace) override { mNamespace = pluginNamespace; }
  const char* getPluginNamespace() const override { return mNamespace.c_str(); }

 protected:
  ~LeakyPlugin() override { --gLiving; }

 private:
  float mSlope = 0;
  int mCount = 0;
  bool mReady = false;
  std::string mNamespace;
};

class LeakyPluginCreator : public IPluginCreator {
 public:
  const char* getPluginName() const override { return "Leaky"; }
  const char* getPluginVersion() const override { return "2"; }
  const PluginFieldCollection* getFieldNames() override {
    static const PluginField fields[] = {
        PluginField("slope", nullptr, PluginFieldType::kFLOAT32, 1)};
    static const PluginFieldCollection all = {1, fields};
    return &all;
  }
  IPluginV2* createPlugin(const char*, const PluginFieldCollection* fc) override {
    assert(fc->nbFields == 1 && !strcmp(fc->fields[0].name, "slope"));
    return new LeakyPlugin(*static_cast<const float*>(fc->fields[0].data));
  }
  IPluginV2* deserializePlugin(const char* name, const void* serialData,
                               size_t serialLength) override {
    assert(!strcmp(name, "relu1"));
    return new LeakyPlugin(serialData, serialLength);
  }
  void setPluginNamespace(const char* pluginNamespace) override { mNamespace = pluginNamespace; }
  const char* getPluginNamespace() const override { return mNamespace.c_str(); }

 private:
  std::string mNamespace;
};
REGISTER_TENSORRT_PLUGIN(LeakyPluginCreator);

class PluginFactory : public nvcaffeparser1::IPluginFactoryV2 {
 public:
  bool isPluginV2(const char* name) override { return !strcmp(name, "relu1"); }
  IPluginV2* createPlugin(const char* layerName, const Weights* weights, int nbWeights,
                          const char* libNamespace) override {
    assert(isPluginV2(layerName) && weights == nullptr && nbWeights == 0);
    assert(libNamespace != nullptr);
    IPluginCreator* creator = getPluginRegistry()->getPluginCreator("Leaky", "2", "");
    assert(creator);
    float slope = 0;
    PluginField field("slope", &slope, PluginFieldType::kFLOAT32, 1);
    PluginFieldCollection fc = {1, &field};
    mPlugin = creator->createPlugin(layerName, &fc);
    return mPlugin;
  }
  IPluginV2* mPlugin = nullptr;
};

static void build(const std::string& file) {
  PluginFactory factory;
  IBuilder* builder = createInferBuilder(gLogger);
  INetworkDefinition* network = builder->createNetwork();
  nvcaffeparser1::ICaffeParser* parser = nvcaffeparser1::createCaffeParser();
  parser->setPluginFactoryV2(&factory);
  const nvcaffeparser1::IBlobNameToTensor* blobs = parser->parse(
      locateFile(DEPLOY_FILE).c_str(), locateFile(MODEL_FILE).c_str(), *network, DataType::kFLOAT);
  assert(blobs && factory.mPlugin);
  // A second one by hand. The network has a copy: the program's own may go at once.
  LeakyPlugin* own = new LeakyPlugin(0.5f);
  ITensor* inputs[] = {blobs->find(OUTPUT_BLOB_NAME)};
  IPluginV2Layer* layer = network->addPluginV2(inputs, 1, *own);
  own->destroy();
  assert(layer && layer->getType() == LayerType::kPLUGIN_V2);
  assert(!strcmp(layer->getPlugin().getPluginType(), "Leaky"));
  layer->setName("relu1");  // the creator above insists on it
  layer->getOutput(0)->setName("positive");
  network->markOutput(*layer->getOutput(0));
  builder->setMaxBatchSize(2);
  builder->setMaxWorkspaceSize(1 << 20);
  ICudaEngine* engine = builder->buildCudaEngine(*network);
  assert(engine);
  network->destroy();
  parser->destroy();
  IHostMemory* memory = engine->serialize();
  std::ofstream(file, std::ios::binary)
      .write(static_cast<const char*>(memory->data()), memory->size());
  memory->destroy();
  engine->destroy();
  builder->destroy();
  factory.mPlugin->destroy();
  assert(gLiving == 0);
}

static int load(const std::string& file, int num) {
  std::ifstream in(file, std::ios::binary);
  std::vector<char> bytes((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  IRuntime* runtime = createInferRuntime(gLogger);
  ICudaEngine* engine = runtime->deserializeCudaEngine(bytes.data(), bytes.size(), nullptr);
  runtime->destroy();
  if (!engine) return 3;
  assert(gLiving == 2);
  nvcaffeparser1::ICaffeParser* parser = nvcaffeparser1::createCaffeParser();
  nvcaffeparser1::IBinaryProtoBlob* mean = parser->parseBinaryProto(locateFile(MEAN_FILE).c_str());
  const std::vector<uint8_t> fileData = readPGMFile(num);
  float input[INPUT_H * INPUT_W], output[OUTPUT_SIZE];
  for (int i = 0; i < INPUT_H * INPUT_W; i++)
    input[i] = fileData[i] - static_cast<const float*>(mean->getData())[i];
  mean->destroy();
  parser->destroy();
  void* buffers[2];
  const int from = engine->getBindingIndex(INPUT_BLOB_NAME),
            to = engine->getBindingIndex("positive");
  assert(from >= 0 && to >= 0);
  CHECK(cudaMalloc(&buffers[from], sizeof(input)));
  CHECK(cudaMalloc(&buffers[to], sizeof(output)));
  CHECK(cudaMemcpy(buffers[from], input, sizeof(input), cudaMemcpyHostToDevice));
  IExecutionContext* context = engine->createExecutionContext();
  assert(context->execute(1, buffers));
  CHECK(cudaMemcpy(output, buffers[to], sizeof(output), cudaMemcpyDeviceToHost));
  for (void* b : buffers) CHECK(cudaFree(b));
  context->destroy();
  engine->destroy();
  assert(gLiving == 0);
  return best(output) == num && gLogger.errors == 0 ? 0 : 1;
}

int main(int argc, char** argv) {
  assert(argc >= 3);
  gDirectory = argv[1];
  initLibNvInferPlugins(&gLogger, "");
  if (argc > 3) return load(argv[3], atoi(argv[2]));

  const std::string file = locateFile("plugin_v2_" + std::to_string(getpid()) + ".engine");
  build(file);
  const std::string again =
      std::string("'") + argv[0] + "' '" + argv[1] + "' " + argv[2] + " '" + file + "' 2>&1";
  std::string words;
  FILE* other = popen(again.c_str(), "r");
  assert(other);
  for (int c; (c = fgetc(other)) != EOF;) words += char(c);
  const int status = pclose(other);
  remove(file.c_str());
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
  std::cerr << "the second process:\n" << words;
  return 1;
}
