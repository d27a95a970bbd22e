// A tool that reads a model in whichever format it comes, in the manner of TensorRT 4: it tries
// ONNX and UFF, hears that they cannot be read, and goes on with Caffe.
#include <algorithm>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <numeric>

#include "NvCaffeParser.h"
#include "NvInfer.h"
#include "NvInferPlugin.h"
#include "NvOnnxConfig.h"
#include "NvOnnxParser.h"
#include "NvUffParser.h"
#include "NvUtils.h"
#include "common.h"
#include "cuda_profiler_api.h"
#include "cuda_runtime.h"

using namespace std;
using namespace nvinfer1;
using namespace nvcaffeparser1;
using namespace nvuffparser;
using namespace plugin;

static Logger gLogger;

// Of nvuffparser's kind; never asked here.
class UffFactory : public nvuffparser::IPluginFactory {
 public:
  bool isPlugin(const char*) override { return false; }
  IPlugin* createPlugin(const char*, const Weights*, int, const FieldCollection) override {
    return nullptr;
  }
};

static bool fromUff(IBuilder* builder) {
  INetworkDefinition* network = builder->createNetwork();
  auto parser = createUffParser();
  UffFactory factory;
  parser->setPluginFactory(&factory);
  assert(parser->registerInput("Input_0", DimsCHW(1, INPUT_H, INPUT_W), UffInputOrder::kNCHW));
  assert(parser->registerInput("Input_1", Dims2(3, 4), UffInputOrder::kNC));
  assert(parser->registerOutput("Binary_3"));
  const bool done = parser->parse("lenet5.uff", *network, DataType::kFLOAT);
  parser->destroy();
  network->destroy();
  return done;
}

static bool fromOnnx4() {
  nvonnxparser::IOnnxConfig* config = nvonnxparser::createONNXConfig();
  config->setModelFileName("mnist.onnx");
  config->setPrintLayerInfo(true);
  assert(!strcmp(config->getModelFileName(), "mnist.onnx") && config->getPrintLayerInfo());
  nvonnxparser::IONNXParser* parser = nvonnxparser::createONNXParser(*config);
  const bool done = parser->parse(config->getModelFileName(), DataType::kFLOAT) &&
                    parser->convertToTRTNetwork() && parser->getTRTNetwork();
  parser->destroy();
  config->destroy();
  return done;
}

static bool fromOnnx5(IBuilder* builder) {
  INetworkDefinition* network = builder->createNetwork();
  auto parser = nvonnxparser::createParser(*network, gLogger);
  const bool done = parser->parseFromFile("mnist.onnx", int(ILogger::Severity::kWARNING));
  assert(done || parser->getNbErrors() == 1);
  for (int i = 0; i < parser->getNbErrors(); i++) cerr << parser->getError(i)->desc() << endl;
  parser->destroy();
  network->destroy();
  return done;
}

int main(int argc, char** argv) {
  assert(argc == 3);
  gDirectory = argv[1];
  const int num = atoi(argv[2]);
  cudaSetDevice(0);
  cudaProfilerStart();
  IBuilder* builder = createInferBuilder(gLogger);
  assert(!fromUff(builder) && gLogger.errors == 1);
  assert(!fromOnnx4() && gLogger.errors == 2);
  assert(!fromOnnx5(builder) && gLogger.errors == 3);

  INetworkDefinition* network = builder->createNetwork();
  ICaffeParser* parser = createCaffeParser();
  const IBlobNameToTensor* blobs = parser->parse(
      locateFile(DEPLOY_FILE).c_str(), locateFile(MODEL_FILE).c_str(), *network, DataType::kFLOAT);
  assert(blobs);
  network->markOutput(*blobs->find(OUTPUT_BLOB_NAME));
  builder->setMaxBatchSize(1);
  builder->setMaxWorkspaceSize(16 << 20);
  ICudaEngine* engine = builder->buildCudaEngine(*network);
  assert(engine);
  IBinaryProtoBlob* mean = parser->parseBinaryProto(locateFile(MEAN_FILE).c_str());
  parser->destroy();
  network->destroy();
  builder->destroy();
  nvcaffeparser1::shutdownProtobufLibrary();
  nvuffparser::shutdownProtobufLibrary();

  // Memory that both sides see.
  const int in = engine->getBindingIndex(INPUT_BLOB_NAME),
            out = engine->getBindingIndex(OUTPUT_BLOB_NAME);
  float *input, *output;
  CHECK(cudaMallocManaged(&input, INPUT_H * INPUT_W * sizeof(float)));
  CHECK(cudaMallocManaged(&output, OUTPUT_SIZE * sizeof(float)));
  const vector<uint8_t> pixels = readPGMFile(num);
  transform(pixels.begin(), pixels.end(), static_cast<const float*>(mean->getData()), input,
            minus<float>());
  mean->destroy();
  void* buffers[2];
  buffers[in] = input;
  buffers[out] = output;
  IExecutionContext* context = engine->createExecutionContext();
  assert(context->execute(1, buffers));
  CHECK(cudaDeviceSynchronize());
  cudaProfilerStop();
  const bool right = best(output) == num && gLogger.errors == 3;
  CHECK(cudaFree(input));
  CHECK(cudaFree(output));
  context->destroy();
  engine->destroy();
  CHECK(cudaDeviceReset());
  return right ? 0 : 1;
}
