// A program in a hurry: what it made is global, and it ends while its stream still has work.
#include <memory>

#include "NvCaffeParser.h"
#include "NvInfer.h"
#include "common.h"

using namespace nvinfer1;

struct Destroy {
  template <class T>
  void operator()(T* object) const {
    object->destroy();
  }
};
template <class T>
using Holder = std::shared_ptr<T>;
template <class T>
Holder<T> hold(T* object) {
  assert(object);
  return Holder<T>(object, Destroy());
}

static Logger gLogger;
static Holder<ICudaEngine> gEngine;
static Holder<IExecutionContext> gContext;
static void* gBuffers[2];
static cudaStream_t gStream;

int main(int argc, char** argv) {
  assert(argc == 3);
  gDirectory = argv[1];
  {
    auto builder = hold(createInferBuilder(gLogger));
    auto network = hold(builder->createNetwork());
    auto parser = hold(nvcaffeparser1::createCaffeParser());
    auto* blobs = parser->parse(locateFile(DEPLOY_FILE).c_str(), locateFile(MODEL_FILE).c_str(),
                                *network, DataType::kFLOAT);
    assert(blobs);
    network->markOutput(*blobs->find(OUTPUT_BLOB_NAME));
    gEngine = hold(builder->buildCudaEngine(*network));
  }
  gContext = hold(gEngine->createExecutionContext());
  CHECK(cudaStreamCreate(&gStream));
  for (void*& buffer : gBuffers) CHECK(cudaMalloc(&buffer, INPUT_H * INPUT_W * sizeof(float)));
  for (int k = 0; k < 50; k++) assert(gContext->enqueue(1, gBuffers, gStream, nullptr));
  if (atoi(argv[2]) % 2) exit(0);
  return 0;
}
