// The manner of TensorRT 4: the mean is subtracted by layers that are added after the parse, in
// front of the first one.
#include <NvCaffeParser.h>
#include <NvInfer.h>

#include "common.h"

using namespace nvinfer1;
using namespace nvcaffeparser1;

static Logger gLogger;

int main(int argc, char** argv) {
  assert(argc == 3);
  gDirectory = argv[1];
  const int num = atoi(argv[2]);

  IBuilder* builder = createInferBuilder(gLogger);
  INetworkDefinition* network = builder->createNetwork();
  ICaffeParser* parser = createCaffeParser();
  const IBlobNameToTensor* blobNameToTensor = parser->parse(
      locateFile(DEPLOY_FILE).c_str(), locateFile(MODEL_FILE).c_str(), *network, DataType::kFLOAT);
  assert(blobNameToTensor && network->getNbInputs() == 1);
  network->markOutput(*blobNameToTensor->find(OUTPUT_BLOB_NAME));

  Dims inputDims = network->getInput(0)->getDimensions();
  assert(inputDims.nbDims == 3 && inputDims.d[1] == INPUT_H);
  IBinaryProtoBlob* meanBlob = parser->parseBinaryProto(locateFile(MEAN_FILE).c_str());
  Weights meanWeights{DataType::kFLOAT, meanBlob->getData(), inputDims.d[1] * inputDims.d[2]};
  auto mean = network->addConstant(Dims3(1, inputDims.d[1], inputDims.d[2]), meanWeights);
  auto meanSub = network->addElementWise(*network->getInput(0), *mean->getOutput(0),
                                         ElementWiseOperation::kSUB);
  network->getLayer(0)->setInput(0, *meanSub->getOutput(0));
  Dims subDims = meanSub->getOutput(0)->getDimensions();
  assert(subDims.nbDims == 3 && subDims.d[0] == 1 && subDims.d[2] == INPUT_W);

  for (int i = 0; i < network->getNbLayers(); i++) {
    ILayer* layer = network->getLayer(i);
    for (int j = 0; j < layer->getNbInputs(); j++)
      if (!layer->getInput(j)->dynamicRangeIsSet())
        layer->getInput(j)->setDynamicRange(-127.0f, 127.0f);
    for (int j = 0; j < layer->getNbOutputs(); j++) {
      ITensor* output = layer->getOutput(j);
      if (output && !output->dynamicRangeIsSet()) {
        if (layer->getType() == LayerType::kPOOLING) output->setDynamicRange(-64.0f, 64.0f);
        output->setDynamicRange(-127.0f, 127.0f);
      }
    }
  }

  builder->setMaxBatchSize(1);
  builder->setMaxWorkspaceSize(1 << 20);
  builder->setFp16Mode(builder->platformHasFastFp16());
  builder->setInt8Mode(false);
  ICudaEngine* engine = builder->buildCudaEngine(*network);
  assert(engine);
  meanBlob->destroy();
  parser->destroy();
  network->destroy();
  IHostMemory* trtModelStream = engine->serialize();
  engine->destroy();
  builder->destroy();
  shutdownProtobufLibrary();

  IRuntime* runtime = createInferRuntime(gLogger);
  engine = runtime->deserializeCudaEngine(trtModelStream->data(), trtModelStream->size(), nullptr);
  assert(engine != nullptr);
  trtModelStream->destroy();
  IExecutionContext* context = engine->createExecutionContext();
  assert(context != nullptr);

  const std::vector<uint8_t> fileData = readPGMFile(num);
  float data[INPUT_H * INPUT_W], prob[OUTPUT_SIZE];
  for (int i = 0; i < INPUT_H * INPUT_W; i++) data[i] = float(fileData[i]);
  const int inputIndex = engine->getBindingIndex(INPUT_BLOB_NAME);
  const int outputIndex = engine->getBindingIndex(OUTPUT_BLOB_NAME);
  void* buffers[2];
  CHECK(cudaMalloc(&buffers[inputIndex], sizeof(data)));
  CHECK(cudaMalloc(&buffers[outputIndex], sizeof(prob)));
  CHECK(cudaMemcpy(buffers[inputIndex], data, sizeof(data), cudaMemcpyHostToDevice));
  assert(context->execute(1, buffers));
  CHECK(cudaMemcpy(prob, buffers[outputIndex], sizeof(prob), cudaMemcpyDeviceToHost));
  CHECK(cudaFree(buffers[inputIndex]));
  CHECK(cudaFree(buffers[outputIndex]));
  context->destroy();
  engine->destroy();
  runtime->destroy();
  return best(prob) == num && gLogger.errors == 0 ? 0 : 1;
}
