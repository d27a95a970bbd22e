// The manner of TensorRT 2: half2 mode where it is fast, the mean subtracted by the program, the
// engine handed on as IHostMemory, everything destroyed by hand.
#include <NvCaffeParser.h>
#include <NvInfer.h>

#include "common.h"

using namespace nvinfer1;
using namespace nvcaffeparser1;

static Logger gLogger;

void caffeToGIEModel(const std::string& deployFile, const std::string& modelFile,
                     const std::vector<std::string>& outputs, unsigned int maxBatchSize,
                     nvcaffeparser1::IPluginFactory* pluginFactory, IHostMemory** gieModelStream) {
  IBuilder* builder = createInferBuilder(gLogger);
  INetworkDefinition* network = builder->createNetwork();
  ICaffeParser* parser = createCaffeParser();
  parser->setPluginFactory(pluginFactory);

  bool fp16 = builder->platformHasFastFp16();
  DataType modelDataType = fp16 ? DataType::kHALF : DataType::kFLOAT;
  const IBlobNameToTensor* blobNameToTensor =
      parser->parse(deployFile.c_str(), modelFile.c_str(), *network, modelDataType);
  assert(blobNameToTensor != nullptr);
  for (auto& s : outputs) network->markOutput(*blobNameToTensor->find(s.c_str()));

  builder->setMaxBatchSize(maxBatchSize);
  builder->setMaxWorkspaceSize(16 << 20);
  builder->setMinFindIterations(3);
  builder->setAverageFindIterations(2);
  builder->setHalf2Mode(true);
  assert(builder->getHalf2Mode() && builder->getMaxBatchSize() == int(maxBatchSize));
  ICudaEngine* engine = builder->buildCudaEngine(*network);
  assert(engine);
  network->destroy();
  parser->destroy();
  *gieModelStream = engine->serialize();
  engine->destroy();
  builder->destroy();
  shutdownProtobufLibrary();
}

int main(int argc, char** argv) {
  assert(argc == 3);
  gDirectory = argv[1];
  const int num = atoi(argv[2]);

  IHostMemory* gieModelStream{nullptr};
  caffeToGIEModel(locateFile(DEPLOY_FILE), locateFile(MODEL_FILE),
                  std::vector<std::string>{OUTPUT_BLOB_NAME}, 4, nullptr, &gieModelStream);

  // The protobuf library is said to be shut down; the mean is parsed all the same.
  ICaffeParser* parser = createCaffeParser();
  IBinaryProtoBlob* meanBlob = parser->parseBinaryProto(locateFile(MEAN_FILE).c_str());
  parser->destroy();
  DimsNCHW meanDims = meanBlob->getDimensions();
  assert(meanDims.n() == 1 && meanDims.c() == 1 && meanDims.h() == INPUT_H &&
         meanDims.w() == INPUT_W);
  const float* meanData = reinterpret_cast<const float*>(meanBlob->getData());
  const std::vector<uint8_t> fileData = readPGMFile(num);
  float data[INPUT_H * INPUT_W];
  for (int i = 0; i < INPUT_H * INPUT_W; i++) data[i] = float(fileData[i]) - meanData[i];
  meanBlob->destroy();

  IRuntime* runtime = createInferRuntime(gLogger);
  ICudaEngine* engine =
      runtime->deserializeCudaEngine(gieModelStream->data(), gieModelStream->size(), nullptr);
  if (gieModelStream) gieModelStream->destroy();
  assert(engine && engine->getMaxBatchSize() == 4);
  IExecutionContext* context = engine->createExecutionContext();

  assert(engine->getNbBindings() == 2);
  void* buffers[2];
  int inputIndex = 0, outputIndex = 0;
  for (int b = 0; b < engine->getNbBindings(); ++b) {
    DimsCHW dims = static_cast<DimsCHW&&>(engine->getBindingDimensions(b));
    const size_t size = size_t(dims.c()) * dims.h() * dims.w() * sizeof(float);
    if (engine->bindingIsInput(b)) {
      inputIndex = b;
      assert(dims.c() == 1 && dims.h() == INPUT_H && dims.w() == INPUT_W);
    } else {
      outputIndex = b;
      assert(dims.c() == OUTPUT_SIZE && dims.h() == 1 && dims.w() == 1);
    }
    CHECK(cudaMalloc(&buffers[b], size));
  }
  cudaStream_t stream;
  CHECK(cudaStreamCreate(&stream));
  float prob[OUTPUT_SIZE];
  CHECK(cudaMemcpyAsync(buffers[inputIndex], data, sizeof(data), cudaMemcpyHostToDevice, stream));
  context->enqueue(1, buffers, stream, nullptr);
  CHECK(cudaMemcpyAsync(prob, buffers[outputIndex], sizeof(prob), cudaMemcpyDeviceToHost, stream));
  cudaStreamSynchronize(stream);
  cudaStreamDestroy(stream);
  CHECK(cudaFree(buffers[inputIndex]));
  CHECK(cudaFree(buffers[outputIndex]));

  // In an order of its own: what is still needed stays.
  runtime->destroy();
  engine->destroy();
  context->destroy();
  return best(prob) == num && gLogger.errors == 0 ? 0 : 1;
}
