// Layer times through IProfiler, and how bindings are looked up.
#include <NvCaffeParser.h>
#include <NvInfer.h>

#include "common.h"

using namespace nvinfer1;
using namespace nvcaffeparser1;

static Logger gLogger;

struct Profiler : public IProfiler {
  typedef std::pair<std::string, float> Record;
  std::vector<Record> mProfile;
  virtual void reportLayerTime(const char* layerName, float ms) {
    for (auto& r : mProfile)
      if (r.first == layerName) {
        r.second += ms;
        return;
      }
    mProfile.push_back(std::make_pair(std::string(layerName), ms));
  }
  void printLayerTimes(int iterations) {
    for (auto& r : mProfile) printf("%-40.40s %4.3fms\n", r.first.c_str(), r.second / iterations);
  }
} gProfiler;

int main(int argc, char** argv) {
  assert(argc == 3);
  gDirectory = argv[1];
  const int num = atoi(argv[2]);
  IBuilder* builder = createInferBuilder(gLogger);
  INetworkDefinition* network = builder->createNetwork();
  ICaffeParser* parser = createCaffeParser();
  const IBlobNameToTensor* blobs = parser->parse(
      locateFile(DEPLOY_FILE).c_str(), locateFile(MODEL_FILE).c_str(), *network, DataType::kFLOAT);
  assert(blobs && !blobs->find("no such blob"));
  // In-place layers: the blob is what the last of them leaves.
  assert(blobs->find("ip1") == network->getLayer(5)->getOutput(0));
  network->markOutput(*blobs->find("ip1"));
  network->markOutput(*blobs->find(OUTPUT_BLOB_NAME));
  builder->setMaxBatchSize(1);
  builder->setMaxWorkspaceSize(1 << 20);
  ICudaEngine* engine = builder->buildCudaEngine(*network);
  assert(engine);
  IBinaryProtoBlob* mean = parser->parseBinaryProto(locateFile(MEAN_FILE).c_str());

  assert(engine->getNbBindings() == 3);
  assert(engine->getBindingIndex("no such binding") == -1);
  const int in = engine->getBindingIndex(INPUT_BLOB_NAME), ip1 = engine->getBindingIndex("ip1"),
            out = engine->getBindingIndex(OUTPUT_BLOB_NAME);
  assert(in >= 0 && ip1 >= 0 && out >= 0 && in != out && ip1 != out);
  assert(engine->bindingIsInput(in) && !engine->bindingIsInput(ip1) &&
         !engine->bindingIsInput(out));
  assert(engine->getBindingDimensions(ip1).d[0] == 100);

  IExecutionContext* context = engine->createExecutionContext();
  context->setProfiler(&gProfiler);
  const std::vector<uint8_t> fileData = readPGMFile(num);
  float input[INPUT_H * INPUT_W], hidden[100], output[OUTPUT_SIZE];
  for (int i = 0; i < INPUT_H * INPUT_W; i++)
    input[i] = fileData[i] - static_cast<const float*>(mean->getData())[i];
  void* buffers[3];
  CHECK(cudaMalloc(&buffers[in], sizeof(input)));
  CHECK(cudaMalloc(&buffers[ip1], sizeof(hidden)));
  CHECK(cudaMalloc(&buffers[out], sizeof(output)));
  CHECK(cudaMemcpy(buffers[in], input, sizeof(input), cudaMemcpyHostToDevice));
  for (int i = 0; i < 10; i++) assert(context->execute(1, buffers));
  CHECK(cudaMemcpy(hidden, buffers[ip1], sizeof(hidden), cudaMemcpyDeviceToHost));
  CHECK(cudaMemcpy(output, buffers[out], sizeof(output), cudaMemcpyDeviceToHost));
  gProfiler.printLayerTimes(10);
  assert(!gProfiler.mProfile.empty() && int(gProfiler.mProfile.size()) <= engine->getNbLayers());
  bool conv1 = false;
  for (auto& r : gProfiler.mProfile) {
    assert(r.second >= 0);
    conv1 |= r.first.find("conv1") != std::string::npos;
  }
  assert(conv1);
  for (float h : hidden) assert(h >= 0);  // ip1 is read after its in-place ReLU
  for (void* b : buffers) CHECK(cudaFree(b));
  mean->destroy();
  builder->destroy();
  parser->destroy();
  context->destroy();
  engine->destroy();
  network->destroy();
  return best(output) == num && gLogger.errors == 0 ? 0 : 1;
}
