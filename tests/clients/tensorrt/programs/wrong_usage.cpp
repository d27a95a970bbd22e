// Mistakes: each is told through the logger and answered with null or false; none ends the program,
// and a right call afterwards works.
#include <cstring>

#include <NvCaffeParser.h>
#include <NvInfer.h>

#include "common.h"

using namespace nvinfer1;
using namespace nvcaffeparser1;

class Listener : public ILogger {
 public:
  void log(Severity severity, const char* msg) override {
    if (severity <= Severity::kERROR)
      all += std::string(msg) + "\n";
    else if (severity == Severity::kWARNING)
      std::cerr << msg << std::endl;
  }
  // Whether the last call complained, of what; forgets it.
  bool heard(const char* words = "") {
    const bool found = !all.empty() && all.find(words) != std::string::npos;
    if (!found) std::cerr << "expected '" << words << "', heard:\n" << all;
    all.clear();
    return found;
  }
  std::string all;
};
static Listener gLogger;

static IPlugin* const noPlugin = nullptr;

int main(int argc, char** argv) {
  assert(argc == 3);
  gDirectory = argv[1];
  const int num = atoi(argv[2]);
  const std::string deploy = locateFile(DEPLOY_FILE), model = locateFile(MODEL_FILE);
  IBuilder* builder = createInferBuilder(gLogger);
  INetworkDefinition* network = builder->createNetwork();
  ICaffeParser* parser = createCaffeParser();

  // Files.
  assert(!parser->parse("no_such.prototxt", model.c_str(), *network, DataType::kFLOAT));
  assert(gLogger.heard("no_such.prototxt"));
  assert(!parser->parse(deploy.c_str(), "no_such.caffemodel", *network, DataType::kFLOAT));
  assert(gLogger.heard("no_such.caffemodel"));
  const std::string picture = locateFile("3.pgm");
  assert(!parser->parse(picture.c_str(), model.c_str(), *network, DataType::kFLOAT));
  assert(gLogger.heard());
  assert(!parser->parse(deploy.c_str(), locateFile(MEAN_FILE).c_str(), *network, DataType::kFLOAT));
  assert(gLogger.heard());
  assert(!parser->parse(deploy.c_str(), nullptr, *network, DataType::kFLOAT) && gLogger.heard());
  assert(!parser->parse(nullptr, nullptr, *network, DataType::kFLOAT) && gLogger.heard());
  assert(!parser->parseBinaryProto("no_such.binaryproto") && gLogger.heard("no_such.binaryproto"));
  assert(!parser->parseBinaryProto(nullptr) && gLogger.heard());
  INetworkDefinition* nothing = nullptr;
  assert(!parser->parse(deploy.c_str(), model.c_str(), *nothing, DataType::kFLOAT));
  assert(gLogger.heard("network is null"));
  assert(network->getNbLayers() == 0 && network->getNbInputs() == 0);

  // Names of blobs.
  const IBlobNameToTensor* blobs =
      parser->parse(deploy.c_str(), model.c_str(), *network, DataType::kFLOAT);
  assert(blobs && gLogger.all.empty());
  assert(!blobs->find("no such blob") && !blobs->find(nullptr));
  network->markOutput(*blobs->find("no such blob"));
  assert(gLogger.heard("tensor is null"));
  assert(!builder->buildCudaEngine(*network) && gLogger.heard("output"));
  assert(!builder->buildCudaEngine(*nothing) && gLogger.heard("network is null"));

  // Layers.
  ITensor* missing = nullptr;
  ITensor* data = network->getInput(0);
  const Weights none{DataType::kFLOAT, nullptr, 0};
  assert(!network->addActivation(*missing, ActivationType::kRELU) && gLogger.heard("null"));
  assert(!network->addPooling(*missing, PoolingType::kMAX, DimsHW{2, 2}) && gLogger.heard("null"));
  assert(!network->addElementWise(*data, *missing, ElementWiseOperation::kSUM));
  assert(gLogger.heard("null"));
  assert(!network->addPlugin(&data, 1, *noPlugin) && gLogger.heard("null"));
  assert(!network->addConcatenation(&missing, 1) && gLogger.heard("null"));
  network->getLayer(0)->setInput(0, *missing);
  assert(gLogger.heard("null"));
  network->getLayer(0)->setInput(5, *data);
  assert(gLogger.heard("no input 5"));
  assert(!network->addInput(INPUT_BLOB_NAME, DataType::kFLOAT, DimsCHW{1, 2, 2}));
  assert(gLogger.heard("exists"));
  const int layers = network->getNbLayers();
  IConvolutionLayer* odd = network->addConvolution(*data, 4, DimsHW{3, 3}, none, none);
  assert(odd && network->getNbLayers() == layers + 1);
  network->markOutput(*odd->getOutput(0));
  assert(!builder->buildCudaEngine(*network) && gLogger.heard("kernel weights"));
  network->unmarkOutput(*odd->getOutput(0));

  // Engines and batches.
  network->markOutput(*blobs->find(OUTPUT_BLOB_NAME));
  builder->setMaxBatchSize(-1);
  assert(!builder->buildCudaEngine(*network) && gLogger.heard("batch"));
  builder->setMaxBatchSize(2);
  ICudaEngine* engine = builder->buildCudaEngine(*network);
  assert(engine && gLogger.all.empty());
  assert(engine->getBindingIndex("no such binding") == -1 &&
         engine->getBindingIndex(nullptr) == -1);
  assert(engine->getBindingName(2) == nullptr && engine->getBindingName(-1) == nullptr);
  assert(engine->getBindingDimensions(9).nbDims == 0 && !engine->bindingIsInput(9));

  IBinaryProtoBlob* mean = parser->parseBinaryProto(locateFile(MEAN_FILE).c_str());
  const std::vector<uint8_t> pixels = readPGMFile(num);
  float input[INPUT_H * INPUT_W], output[OUTPUT_SIZE];
  for (int i = 0; i < INPUT_H * INPUT_W; i++)
    input[i] = pixels[i] - static_cast<const float*>(mean->getData())[i];
  mean->destroy();
  void* buffers[2];
  const int in = engine->getBindingIndex(INPUT_BLOB_NAME),
            out = engine->getBindingIndex(OUTPUT_BLOB_NAME);
  CHECK(cudaMalloc(&buffers[in], sizeof(input)));
  CHECK(cudaMalloc(&buffers[out], sizeof(output)));
  CHECK(cudaMemcpy(buffers[in], input, sizeof(input), cudaMemcpyHostToDevice));
  cudaStream_t stream;
  CHECK(cudaStreamCreate(&stream));
  IExecutionContext* context = engine->createExecutionContext();
  for (int batch : {3, 1000000, 0, -1}) {
    assert(!context->execute(batch, buffers) && gLogger.heard("batch size"));
    assert(!context->enqueue(batch, buffers, stream, nullptr) && gLogger.heard("batch size"));
  }
  void* empty[2] = {nullptr, nullptr};
  assert(!context->execute(1, empty) && gLogger.heard("no address"));
  assert(!context->execute(1, nullptr) && gLogger.heard("no address"));
  assert(!context->enqueue(1, nullptr, stream, nullptr) && gLogger.heard("no address"));

  // Engines from bytes that are none.
  IRuntime* runtime = createInferRuntime(gLogger);
  IHostMemory* memory = engine->serialize();
  assert(!runtime->deserializeCudaEngine(nullptr, 100, nullptr) && gLogger.heard());
  assert(!runtime->deserializeCudaEngine(memory->data(), 0, nullptr) && gLogger.heard());
  assert(!runtime->deserializeCudaEngine(memory->data(), memory->size() / 3, nullptr));
  assert(gLogger.heard());
  assert(!runtime->deserializeCudaEngine(input, sizeof(input), nullptr) && gLogger.heard());
  memory->destroy();
  runtime->destroy();

  // CUDA's calls.
  assert(cudaMemcpy(nullptr, input, 4, cudaMemcpyHostToDevice) == cudaErrorInvalidValue);
  assert(cudaMalloc(nullptr, 4) == cudaErrorInvalidValue);
  assert(cudaFree(input) != cudaSuccess && cudaSetDevice(7) == cudaErrorInvalidDevice);
  assert(cudaMemcpy(buffers[in], input, 1 << 20, cudaMemcpyHostToDevice) != cudaSuccess);
  assert(cudaGetLastError() != cudaSuccess && cudaGetLastError() == cudaSuccess);

  // After all that, right.
  assert(context->enqueue(1, buffers, stream, nullptr));
  CHECK(cudaMemcpyAsync(output, buffers[out], sizeof(output), cudaMemcpyDeviceToHost, stream));
  CHECK(cudaStreamSynchronize(stream));
  CHECK(cudaStreamDestroy(stream));
  assert(!context->enqueue(1, buffers, stream, nullptr) && gLogger.heard("stream"));
  for (void* b : buffers) CHECK(cudaFree(b));
  context->destroy();
  engine->destroy();
  network->destroy();
  parser->destroy();
  builder->destroy();
  return best(output) == num && gLogger.all.empty() ? 0 : 1;
}
