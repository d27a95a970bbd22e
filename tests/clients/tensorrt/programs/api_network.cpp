// The network built by hand: layers, their weights and their properties, without a parser (which
// only lends the trained numbers here).
#include <map>

#include <NvCaffeParser.h>
#include <NvInfer.h>
#include <NvUtils.h>

#include "common.h"

using namespace nvinfer1;

static Logger gLogger;

static std::map<std::string, Weights> weightsOf(INetworkDefinition& network) {
  std::map<std::string, Weights> map;
  for (int i = 0; i < network.getNbLayers(); i++) {
    ILayer* layer = network.getLayer(i);
    const std::string name = layer->getName();
    if (layer->getType() == LayerType::kCONVOLUTION) {
      map[name + "filter"] = static_cast<IConvolutionLayer*>(layer)->getKernelWeights();
      map[name + "bias"] = static_cast<IConvolutionLayer*>(layer)->getBiasWeights();
    } else if (layer->getType() == LayerType::kFULLY_CONNECTED) {
      map[name + "filter"] = static_cast<IFullyConnectedLayer*>(layer)->getKernelWeights();
      map[name + "bias"] = static_cast<IFullyConnectedLayer*>(layer)->getBiasWeights();
    }
  }
  return map;
}

// The model's names, as a program finds them.
static void checkParsed(INetworkDefinition& network) {
  const char* names[] = {"conv1", "pool1", "conv2", "pool2", "ip1", "relu1", "ip2", "softmax"};
  const LayerType types[] = {LayerType::kCONVOLUTION,     LayerType::kPOOLING,
                             LayerType::kCONVOLUTION,     LayerType::kPOOLING,
                             LayerType::kFULLY_CONNECTED, LayerType::kACTIVATION,
                             LayerType::kFULLY_CONNECTED, LayerType::kSOFTMAX};
  assert(network.getNbLayers() == 8);
  for (int i = 0; i < 8; i++) {
    assert(network.getLayer(i)->getName() == std::string(names[i]));
    assert(network.getLayer(i)->getType() == types[i]);
  }
  IPoolingLayer* pool = static_cast<IPoolingLayer*>(network.getLayer(1));
  assert(pool->getWindowSize().h() == 2 && pool->getStride().w() == 2);
  assert(pool->getPoolingType() == PoolingType::kMAX);
}

int main(int argc, char** argv) {
  assert(argc == 3);
  gDirectory = argv[1];
  const int num = atoi(argv[2]);

  IBuilder* builder = createInferBuilder(gLogger);
  INetworkDefinition* parsed = builder->createNetwork();
  nvcaffeparser1::ICaffeParser* parser = nvcaffeparser1::createCaffeParser();
  assert(parser->parse(locateFile(DEPLOY_FILE).c_str(), locateFile(MODEL_FILE).c_str(), *parsed,
                       DataType::kFLOAT));
  checkParsed(*parsed);
  std::map<std::string, Weights> weightMap = weightsOf(*parsed);
  nvcaffeparser1::IBinaryProtoBlob* mean = parser->parseBinaryProto(locateFile(MEAN_FILE).c_str());

  INetworkDefinition* network = builder->createNetwork();
  auto data = network->addInput(INPUT_BLOB_NAME, DataType::kFLOAT, DimsCHW{1, INPUT_H, INPUT_W});
  assert(data != nullptr);

  // data - mean as a scale layer with a shift for every element.
  std::vector<float> shift(INPUT_H * INPUT_W);
  for (int i = 0; i < INPUT_H * INPUT_W; i++)
    shift[i] = -static_cast<const float*>(mean->getData())[i];
  mean->destroy();
  auto scale = network->addScale(
      *data, ScaleMode::kELEMENTWISE, Weights{DataType::kFLOAT, shift.data(), INPUT_H * INPUT_W},
      Weights{DataType::kFLOAT, nullptr, 0}, Weights{DataType::kFLOAT, nullptr, 0});
  assert(scale != nullptr);
  auto conv1 = network->addConvolution(*scale->getOutput(0), 10, DimsHW{5, 5},
                                       weightMap["conv1filter"], weightMap["conv1bias"]);
  assert(conv1 != nullptr);
  conv1->setStride(DimsHW{1, 1});
  auto pool1 = network->addPooling(*conv1->getOutput(0), PoolingType::kMAX, DimsHW{2, 2});
  assert(pool1 != nullptr);
  pool1->setStride(DimsHW{2, 2});
  auto conv2 = network->addConvolution(*pool1->getOutput(0), 20, DimsHW{5, 5},
                                       weightMap["conv2filter"], weightMap["conv2bias"]);
  conv2->setStride(DimsHW{1, 1});
  auto pool2 = network->addPooling(*conv2->getOutput(0), PoolingType::kMAX, DimsHW{2, 2});
  pool2->setStride(DimsHW{2, 2});
  Dims d = pool2->getOutput(0)->getDimensions();
  assert(d.nbDims == 3 && d.d[0] == 20 && d.d[1] == 4 && d.d[2] == 4);
  auto ip1 = network->addFullyConnected(*pool2->getOutput(0), 100, weightMap["ip1filter"],
                                        weightMap["ip1bias"]);
  auto relu1 = network->addActivation(*ip1->getOutput(0), ActivationType::kRELU);
  auto ip2 = network->addFullyConnected(*relu1->getOutput(0), OUTPUT_SIZE, weightMap["ip2filter"],
                                        weightMap["ip2bias"]);
  auto prob = network->addSoftMax(*ip2->getOutput(0));
  prob->getOutput(0)->setName(OUTPUT_BLOB_NAME);
  network->markOutput(*prob->getOutput(0));

  builder->setMaxBatchSize(1);
  builder->setMaxWorkspaceSize(1 << 20);
  auto engine = builder->buildCudaEngine(*network);
  assert(engine != nullptr);
  network->destroy();
  parsed->destroy();
  parser->destroy();
  builder->destroy();

  IExecutionContext* context = engine->createExecutionContext();
  const std::vector<uint8_t> fileData = readPGMFile(num);
  float input[INPUT_H * INPUT_W], output[OUTPUT_SIZE];
  for (int i = 0; i < INPUT_H * INPUT_W; i++) input[i] = float(fileData[i]);
  void* buffers[2];
  const int in = engine->getBindingIndex(INPUT_BLOB_NAME),
            out = engine->getBindingIndex(OUTPUT_BLOB_NAME);
  CHECK(cudaMalloc(&buffers[in], sizeof(input)));
  CHECK(cudaMalloc(&buffers[out], sizeof(output)));
  CHECK(cudaMemcpy(buffers[in], input, sizeof(input), cudaMemcpyHostToDevice));
  assert(context->execute(1, buffers));
  CHECK(cudaMemcpy(output, buffers[out], sizeof(output), cudaMemcpyDeviceToHost));
  CHECK(cudaFree(buffers[in]));
  CHECK(cudaFree(buffers[out]));
  engine->destroy();
  context->destroy();
  return best(output) == num && gLogger.errors == 0 ? 0 : 1;
}
