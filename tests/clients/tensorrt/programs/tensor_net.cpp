// A wrapper class as applications have them: the engine is cached in a file, inputs and outputs
// live in memory mapped for both sides, bindings are found by name, several outputs, batches of
// many, times by events and by the profiler.
#include <cstdio>
#include <cstring>
#include <sstream>

#include <NvCaffeParser.h>
#include <NvInfer.h>
#include <cuda_runtime.h>
#include <unistd.h>

#include "common.h"

#define LOG_GIE "[GIE]  "

class TensorNet {
 public:
  struct OutputLayer {
    std::string name;
    nvinfer1::DimsCHW dims;
    uint32_t size;
    float* CPU;
    float* CUDA;
  };

  virtual ~TensorNet() {
    if (mContext) mContext->destroy();
    if (mEngine) mEngine->destroy();
    if (mInfer) mInfer->destroy();
    if (mInputCPU) CHECK(cudaFreeHost(mInputCPU));
    for (auto& o : mOutputs) CHECK(cudaFreeHost(o.CPU));
  }

  bool LoadNetwork(const std::string& prototxt, const std::string& model, const std::string& cache,
                   const char* input_blob, const std::vector<std::string>& output_blobs,
                   uint32_t maxBatchSize) {
    printf(LOG_GIE "TensorRT version %u.%u, build %u\n", NV_TENSORRT_MAJOR, NV_TENSORRT_MINOR,
           NV_GIE_VERSION);
    std::stringstream gieModelStream;
    gieModelStream.seekg(0, gieModelStream.beg);
    std::ifstream cached(cache);
    if (!cached) {
      printf(LOG_GIE "cache file not found, profiling network model\n");
      if (!ProfileModel(prototxt, model, output_blobs, maxBatchSize, gieModelStream)) return false;
      std::ofstream outFile(cache);
      outFile << gieModelStream.rdbuf();
      outFile.close();
      gieModelStream.seekg(0, gieModelStream.beg);
    } else {
      gieModelStream << cached.rdbuf();
    }
    mInfer = nvinfer1::createInferRuntime(gLogger);
    gieModelStream.seekg(0, std::ios::end);
    const int modelSize = gieModelStream.tellg();
    gieModelStream.seekg(0, std::ios::beg);
    void* modelMem = malloc(modelSize);
    gieModelStream.read((char*)modelMem, modelSize);
    mEngine = mInfer->deserializeCudaEngine(modelMem, modelSize, NULL);
    free(modelMem);
    if (!mEngine) return false;
    mContext = mEngine->createExecutionContext();
    mContext->setProfiler(&gProfiler);
    return mContext && Allocate(input_blob, output_blobs, maxBatchSize);
  }

  bool Run(uint32_t batch) {
    std::vector<void*> buffers(mEngine->getNbBindings());
    buffers[mInputIndex] = mInputCUDA;
    for (auto& o : mOutputs) buffers[mEngine->getBindingIndex(o.name.c_str())] = o.CUDA;
    return mContext->execute(batch, buffers.data());
  }

  float* mInputCPU = nullptr;
  float* mInputCUDA = nullptr;
  nvinfer1::DimsCHW mInputDims;
  std::vector<OutputLayer> mOutputs;

  struct Profiler : public nvinfer1::IProfiler {
    virtual void reportLayerTime(const char* layerName, float ms) {
      printf(LOG_GIE "layer %s - %f ms\n", layerName, ms);
      total += ms;
      ++count;
    }
    float total = 0;
    int count = 0;
  } gProfiler;
  Logger gLogger;

 private:
  bool ProfileModel(const std::string& deployFile, const std::string& modelFile,
                    const std::vector<std::string>& outputs, uint32_t maxBatchSize,
                    std::ostream& gieModelStream) {
    nvinfer1::IBuilder* builder = nvinfer1::createInferBuilder(gLogger);
    nvinfer1::INetworkDefinition* network = builder->createNetwork();
    builder->setDebugSync(false);
    builder->setMinFindIterations(3);
    builder->setAverageFindIterations(2);
    const bool enableFP16 = builder->platformHasFastFp16();
    nvcaffeparser1::ICaffeParser* parser = nvcaffeparser1::createCaffeParser();
    const nvcaffeparser1::IBlobNameToTensor* blobNameToTensor =
        parser->parse(deployFile.c_str(), modelFile.c_str(), *network,
                      enableFP16 ? nvinfer1::DataType::kHALF : nvinfer1::DataType::kFLOAT);
    if (!blobNameToTensor) return false;
    for (size_t n = 0; n < outputs.size(); n++) {
      nvinfer1::ITensor* tensor = blobNameToTensor->find(outputs[n].c_str());
      if (!tensor) return false;
      nvinfer1::Dims3 dims = static_cast<nvinfer1::Dims3&&>(tensor->getDimensions());
      assert(dims.type[0] == nvinfer1::DimensionType::kCHANNEL);
      assert(dims.type[1] == nvinfer1::DimensionType::kSPATIAL && dims.nbDims == 3);
      network->markOutput(*tensor);
    }
    builder->setMaxBatchSize(maxBatchSize);
    builder->setMaxWorkspaceSize(16 << 20);
    if (enableFP16) builder->setHalf2Mode(true);
    nvinfer1::ICudaEngine* engine = builder->buildCudaEngine(*network);
    if (!engine) return false;
    network->destroy();
    parser->destroy();
    nvinfer1::IHostMemory* serMem = engine->serialize();
    if (!serMem) return false;
    gieModelStream.write((const char*)serMem->data(), serMem->size());
    serMem->destroy();
    engine->destroy();
    builder->destroy();
    return true;
  }

  static bool cudaAllocMapped(void** cpuPtr, void** gpuPtr, size_t size) {
    if (cudaHostAlloc(cpuPtr, size, cudaHostAllocMapped) != cudaSuccess) return false;
    if (cudaHostGetDevicePointer(gpuPtr, *cpuPtr, 0) != cudaSuccess) return false;
    memset(*cpuPtr, 0, size);
    return true;
  }

  bool Allocate(const char* input_blob, const std::vector<std::string>& output_blobs,
                uint32_t maxBatchSize) {
    mInputIndex = mEngine->getBindingIndex(input_blob);
    assert(mInputIndex >= 0 && mEngine->getMaxBatchSize() == int(maxBatchSize));
    mInputDims = static_cast<nvinfer1::DimsCHW&&>(mEngine->getBindingDimensions(mInputIndex));
    const size_t inputSize =
        maxBatchSize * mInputDims.c() * mInputDims.h() * mInputDims.w() * sizeof(float);
    if (!cudaAllocMapped((void**)&mInputCPU, (void**)&mInputCUDA, inputSize)) return false;
    for (auto& name : output_blobs) {
      const int index = mEngine->getBindingIndex(name.c_str());
      OutputLayer l;
      l.name = name;
      l.dims = static_cast<nvinfer1::DimsCHW&&>(mEngine->getBindingDimensions(index));
      l.size = maxBatchSize * l.dims.c() * l.dims.h() * l.dims.w() * sizeof(float);
      if (!cudaAllocMapped((void**)&l.CPU, (void**)&l.CUDA, l.size)) return false;
      mOutputs.push_back(l);
    }
    return true;
  }

  nvinfer1::IRuntime* mInfer = nullptr;
  nvinfer1::ICudaEngine* mEngine = nullptr;
  nvinfer1::IExecutionContext* mContext = nullptr;
  int mInputIndex = -1;
};

int main(int argc, char** argv) {
  assert(argc == 3);
  gDirectory = argv[1];
  const int num = atoi(argv[2]), BATCH = 3;
  const std::string cache = locateFile("tensor_net_" + std::to_string(getpid()) + ".cache");
  nvcaffeparser1::ICaffeParser* parser = nvcaffeparser1::createCaffeParser();
  nvcaffeparser1::IBinaryProtoBlob* mean = parser->parseBinaryProto(locateFile(MEAN_FILE).c_str());
  bool right = true;
  for (int round = 0; round < 2; round++) {  // the second one finds the cache
    TensorNet net;
    right &= net.LoadNetwork(locateFile(DEPLOY_FILE), locateFile(MODEL_FILE), cache,
                             INPUT_BLOB_NAME, {OUTPUT_BLOB_NAME, "pool2"}, BATCH);
    assert(right && net.mOutputs.size() == 2);
    assert(net.mOutputs[1].dims.c() == 20 && net.mOutputs[1].dims.h() == 4);
    const int item = net.mInputDims.h() * net.mInputDims.w();
    for (int b = 0; b < BATCH; b++) {
      const std::vector<uint8_t> pixels = readPGMFile((num + b) % 10);
      for (int i = 0; i < item; i++)
        net.mInputCPU[b * item + i] = pixels[i] - static_cast<const float*>(mean->getData())[i];
    }
    right &= net.Run(BATCH);
    cudaDeviceSynchronize();
    for (int b = 0; b < BATCH; b++)
      right &= best(net.mOutputs[0].CPU + b * OUTPUT_SIZE) == (num + b) % 10;
    assert(net.gProfiler.count > 0 && net.gProfiler.total > 0);
    right &= net.gLogger.errors == 0;
  }
  remove(cache.c_str());
  mean->destroy();
  parser->destroy();
  return right ? 0 : 1;
}
