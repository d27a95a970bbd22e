// A server: one engine, a context, a stream and buffers for each thread; batches of different
// sizes; afterwards one thread more that deserializes for itself.
#include <atomic>
#include <thread>

#include <NvCaffeParser.h>
#include <NvInfer.h>

#include "common.h"

using namespace nvinfer1;
using namespace nvcaffeparser1;

static Logger gLogger;
static std::vector<float> gPictures;  // ten of them, the mean subtracted
static const int MAX_BATCH = 4, ITEM = INPUT_H * INPUT_W;

static int serve(ICudaEngine& engine, int first, int rounds) {
  IExecutionContext* context = engine.createExecutionContext();
  cudaStream_t stream;
  CHECK(cudaStreamCreate(&stream));
  void* buffers[2];
  const int in = engine.getBindingIndex(INPUT_BLOB_NAME),
            out = engine.getBindingIndex(OUTPUT_BLOB_NAME);
  CHECK(cudaMalloc(&buffers[in], MAX_BATCH * ITEM * sizeof(float)));
  CHECK(cudaMalloc(&buffers[out], MAX_BATCH * OUTPUT_SIZE * sizeof(float)));
  float* host;
  CHECK(cudaMallocHost((void**)&host, MAX_BATCH * OUTPUT_SIZE * sizeof(float)));
  int wrong = 0;
  for (int round = 0; round < rounds; round++) {
    const int batch = 1 + round % MAX_BATCH, start = (first + round) % (10 - MAX_BATCH + 1);
    CHECK(cudaMemcpyAsync(buffers[in], &gPictures[start * ITEM], batch * ITEM * sizeof(float),
                          cudaMemcpyHostToDevice, stream));
    if (!context->enqueue(batch, buffers, stream, nullptr)) ++wrong;
    CHECK(cudaMemcpyAsync(host, buffers[out], batch * OUTPUT_SIZE * sizeof(float),
                          cudaMemcpyDeviceToHost, stream));
    CHECK(cudaStreamSynchronize(stream));
    for (int b = 0; b < batch; b++)
      if (best(host + b * OUTPUT_SIZE) != start + b) ++wrong;
  }
  CHECK(cudaFreeHost(host));
  CHECK(cudaFree(buffers[in]));
  CHECK(cudaFree(buffers[out]));
  CHECK(cudaStreamDestroy(stream));
  context->destroy();
  return wrong;
}

int main(int argc, char** argv) {
  assert(argc == 3);
  gDirectory = argv[1];
  const int num = atoi(argv[2]);
  IBuilder* builder = createInferBuilder(gLogger);
  INetworkDefinition* network = builder->createNetwork();
  ICaffeParser* parser = createCaffeParser();
  const IBlobNameToTensor* blobs = parser->parse(
      locateFile(DEPLOY_FILE).c_str(), locateFile(MODEL_FILE).c_str(), *network, DataType::kFLOAT);
  assert(blobs);
  network->markOutput(*blobs->find(OUTPUT_BLOB_NAME));
  IBinaryProtoBlob* mean = parser->parseBinaryProto(locateFile(MEAN_FILE).c_str());
  for (int digit = 0; digit < 10; digit++) {
    const std::vector<uint8_t> pixels = readPGMFile(digit);
    for (int i = 0; i < ITEM; i++)
      gPictures.push_back(pixels[i] - static_cast<const float*>(mean->getData())[i]);
  }
  mean->destroy();
  builder->setMaxBatchSize(MAX_BATCH);
  builder->setMaxWorkspaceSize(1 << 20);
  ICudaEngine* engine = builder->buildCudaEngine(*network);
  assert(engine);
  network->destroy();
  parser->destroy();
  builder->destroy();

  std::atomic<int> wrong{0};
  std::thread one([&] { wrong += serve(*engine, num, 12); });
  std::thread two([&] { wrong += serve(*engine, num + 5, 12); });
  one.join();
  two.join();
  IHostMemory* memory = engine->serialize();
  engine->destroy();
  std::thread three([&] {
    IRuntime* runtime = createInferRuntime(gLogger);
    ICudaEngine* own = runtime->deserializeCudaEngine(memory->data(), memory->size(), nullptr);
    wrong += own ? serve(*own, num, 4) : 1;
    if (own) own->destroy();
    runtime->destroy();
  });
  three.join();
  memory->destroy();
  return wrong == 0 && gLogger.errors == 0 ? 0 : 1;
}
