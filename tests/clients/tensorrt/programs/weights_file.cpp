// The network made by the API from a file of weights: a line for each, name, type, count and the
// numbers as hexadecimal bits; half of them as kHALF.
#include <cmath>
#include <cstring>
#include <map>
#include <sstream>

#include <NvCaffeParser.h>
#include <NvInfer.h>
#include <cuda_fp16.h>

#include "common.h"

using namespace nvinfer1;
using namespace nvcaffeparser1;

static Logger gLogger;

static void writeBlob(std::ostream& out, const std::string& name, const Weights& w, DataType type) {
  out << name << " " << std::dec << static_cast<int>(type) << " " << w.count;
  for (int64_t i = 0; i < w.count; i++) {
    const float value = static_cast<const float*>(w.values)[i];
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    if (type == DataType::kHALF) bits = __float2half(value).__x;
    out << " " << std::hex << bits;
  }
  out << "\n";
}

static std::string writeWeights() {
  IBuilder* builder = createInferBuilder(gLogger);
  INetworkDefinition* network = builder->createNetwork();
  ICaffeParser* parser = createCaffeParser();
  assert(parser->parse(locateFile(DEPLOY_FILE).c_str(), locateFile(MODEL_FILE).c_str(), *network,
                       DataType::kFLOAT));
  std::ostringstream out;
  out << "8\n";
  for (int i = 0; i < network->getNbLayers(); i++) {
    ILayer* layer = network->getLayer(i);
    const std::string name = layer->getName();
    if (auto conv = dynamic_cast<IConvolutionLayer*>(layer)) {
      writeBlob(out, name + "filter", conv->getKernelWeights(), DataType::kFLOAT);
      writeBlob(out, name + "bias", conv->getBiasWeights(), DataType::kFLOAT);
    }
    if (auto fc = dynamic_cast<IFullyConnectedLayer*>(layer)) {
      writeBlob(out, name + "filter", fc->getKernelWeights(), DataType::kHALF);
      writeBlob(out, name + "bias", fc->getBiasWeights(), DataType::kHALF);
    }
  }
  network->destroy();
  parser->destroy();
  builder->destroy();
  return out.str();
}

static std::map<std::string, Weights> loadWeights(const std::string& text) {
  std::map<std::string, Weights> weightMap;
  std::istringstream input(text);
  int32_t count;
  input >> count;
  assert(count > 0);
  while (count--) {
    Weights wt{DataType::kFLOAT, nullptr, 0};
    uint32_t type, size;
    std::string name;
    input >> name >> std::dec >> type >> size;
    wt.type = static_cast<DataType>(type);
    if (wt.type == DataType::kFLOAT) {
      uint32_t* val = reinterpret_cast<uint32_t*>(malloc(sizeof(uint32_t) * size));
      for (uint32_t x = 0; x < size; ++x) input >> std::hex >> val[x];
      wt.values = val;
    } else if (wt.type == DataType::kHALF) {
      uint16_t* val = reinterpret_cast<uint16_t*>(malloc(sizeof(uint16_t) * size));
      for (uint32_t x = 0; x < size; ++x) input >> std::hex >> val[x];
      wt.values = val;
    }
    assert(input && wt.values);
    wt.count = size;
    weightMap[name] = wt;
  }
  return weightMap;
}

ICudaEngine* createMNISTEngine(unsigned int maxBatchSize, IBuilder* builder, DataType dt) {
  INetworkDefinition* network = builder->createNetwork();
  ITensor* data = network->addInput(INPUT_BLOB_NAME, dt, DimsCHW{1, INPUT_H, INPUT_W});
  assert(data != nullptr);

  // Two scales that undo each other, one uniform, one by channels with a power.
  const float half = 0.5f;
  const std::vector<float> two(1, 2.0f), ones(1, 1.0f);
  const Weights none{DataType::kFLOAT, nullptr, 0};
  auto scale_1 = network->addScale(*data, ScaleMode::kUNIFORM, none,
                                   Weights{DataType::kFLOAT, &half, 1}, none);
  auto scale_2 = network->addScale(*scale_1->getOutput(0), ScaleMode::kCHANNEL, none,
                                   Weights{DataType::kFLOAT, two.data(), 1},
                                   Weights{DataType::kFLOAT, ones.data(), 1});
  assert(scale_1 && scale_2 && scale_1->getMode() == ScaleMode::kUNIFORM);

  std::map<std::string, Weights> weightMap = loadWeights(writeWeights());
  auto conv1 = network->addConvolution(*scale_2->getOutput(0), 10, DimsHW{5, 5},
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
  auto ip1 = network->addFullyConnected(*pool2->getOutput(0), 100, weightMap["ip1filter"],
                                        weightMap["ip1bias"]);
  auto relu1 = network->addActivation(*ip1->getOutput(0), ActivationType::kRELU);
  auto ip2 = network->addFullyConnected(*relu1->getOutput(0), OUTPUT_SIZE, weightMap["ip2filter"],
                                        weightMap["ip2bias"]);
  auto prob = network->addSoftMax(*ip2->getOutput(0));
  assert(prob != nullptr);
  prob->getOutput(0)->setName(OUTPUT_BLOB_NAME);
  network->markOutput(*prob->getOutput(0));

  builder->setMaxBatchSize(maxBatchSize);
  builder->setMaxWorkspaceSize(1 << 20);
  auto engine = builder->buildCudaEngine(*network);
  network->destroy();
  // The weights may go once the engine is built.
  for (auto& mem : weightMap) free((void*)(mem.second.values));
  return engine;
}

void APIToModel(unsigned int maxBatchSize, IHostMemory** modelStream) {
  IBuilder* builder = createInferBuilder(gLogger);
  ICudaEngine* engine = createMNISTEngine(maxBatchSize, builder, DataType::kFLOAT);
  assert(engine != nullptr);
  (*modelStream) = engine->serialize();
  engine->destroy();
  builder->destroy();
}

int main(int argc, char** argv) {
  assert(argc == 3);
  gDirectory = argv[1];
  const int num = atoi(argv[2]);
  IHostMemory* modelStream{nullptr};
  APIToModel(1, &modelStream);

  ICaffeParser* parser = createCaffeParser();
  IBinaryProtoBlob* meanBlob = parser->parseBinaryProto(locateFile(MEAN_FILE).c_str());
  parser->destroy();
  const float* meanData = reinterpret_cast<const float*>(meanBlob->getData());
  meanBlob->destroy();  // too early, as some programs do
  const std::vector<uint8_t> fileData = readPGMFile(num);
  float data[INPUT_H * INPUT_W];
  for (int i = 0; i < INPUT_H * INPUT_W; i++) data[i] = float(fileData[i]) - meanData[i];

  IRuntime* runtime = createInferRuntime(gLogger);
  ICudaEngine* engine =
      runtime->deserializeCudaEngine(modelStream->data(), modelStream->size(), nullptr);
  if (modelStream) modelStream->destroy();
  IExecutionContext* context = engine->createExecutionContext();
  float prob[OUTPUT_SIZE];
  const int in = engine->getBindingIndex(INPUT_BLOB_NAME),
            out = engine->getBindingIndex(OUTPUT_BLOB_NAME);
  void* buffers[2];
  CHECK(cudaMalloc(&buffers[in], sizeof(data)));
  CHECK(cudaMalloc(&buffers[out], sizeof(prob)));
  cudaStream_t stream;
  CHECK(cudaStreamCreate(&stream));
  CHECK(cudaMemcpyAsync(buffers[in], data, sizeof(data), cudaMemcpyHostToDevice, stream));
  context->enqueue(1, buffers, stream, nullptr);
  CHECK(cudaMemcpyAsync(prob, buffers[out], sizeof(prob), cudaMemcpyDeviceToHost, stream));
  cudaStreamSynchronize(stream);
  cudaStreamDestroy(stream);
  CHECK(cudaFree(buffers[in]));
  CHECK(cudaFree(buffers[out]));
  context->destroy();
  engine->destroy();
  runtime->destroy();

  float val{0.0f};
  int idx{0};
  for (int i = 0; i < OUTPUT_SIZE; i++) {
    val = std::max(val, prob[i]);
    if (val == prob[i]) idx = i;
    std::cout << i << ": " << std::string(int(std::floor(prob[i] * 10 + 0.5f)), '*') << "\n";
  }
  return idx == num && val > 0.5f && gLogger.errors == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
