// The helpers that programs of TensorRT 4 and 5 bring along: deleters that call destroy(), buffers
// in pairs for every binding, host memory of their own making, a profiler that sums up, ranges for
// every tensor, units for sizes, a device for allocations that wants to be asked.
#include <algorithm>
#include <functional>
#include <iomanip>
#include <map>
#include <memory>
#include <new>
#include <numeric>

#include <NvCaffeParser.h>
#include <NvInfer.h>
#include <NvInferPlugin.h>
#include <cuda_runtime_api.h>

#include "common.h"

using namespace nvinfer1;
using namespace plugin;

constexpr long long int operator"" _MB(long long unsigned int val) { return val * (1 << 20); }

static Logger gLogger;

struct InferDeleter {
  template <typename T>
  void operator()(T* obj) const {
    if (obj) obj->destroy();
  }
};
template <typename T>
inline std::shared_ptr<T> infer_object(T* obj) {
  if (!obj) throw std::runtime_error("Failed to create object");
  return std::shared_ptr<T>(obj, InferDeleter());
}

// IHostMemory implemented by a program.
class HostMemory : public IHostMemory {
 public:
  HostMemory() = delete;
  void* data() const noexcept override { return mData; }
  std::size_t size() const noexcept override { return mSize; }
  DataType type() const noexcept override { return mType; }

 protected:
  HostMemory(std::size_t size, DataType type) : mSize(size), mType(type) {}
  void* mData;
  std::size_t mSize;
  DataType mType;
};
template <typename ElemType, DataType dataType>
class TypedHostMemory : public HostMemory {
 public:
  TypedHostMemory(std::size_t size) : HostMemory(size, dataType) { mData = new ElemType[size]; }
  void destroy() noexcept override {
    delete[] (ElemType*)mData;
    delete this;
  }
  ElemType* raw() noexcept { return static_cast<ElemType*>(data()); }
};
using FloatMemory = TypedHostMemory<float, DataType::kFLOAT>;

// Rewires the allocations that a library may leave to the program.
class Allocator : public IGpuAllocator {
 public:
  void* allocate(uint64_t size, uint64_t, uint32_t) override {
    void* memory = nullptr;
    return cudaMalloc(&memory, size) == cudaSuccess ? memory : nullptr;
  }
  void free(void* memory) override { cudaFree(memory); }
};

struct SimpleProfiler : public IProfiler {
  struct Record {
    float time{0};
    int count{0};
  };
  void reportLayerTime(const char* layerName, float ms) override {
    mProfile[layerName].count++;
    mProfile[layerName].time += ms;
  }
  friend std::ostream& operator<<(std::ostream& out, const SimpleProfiler& value) {
    for (const auto& elem : value.mProfile)
      out << std::setw(40) << elem.first << " " << std::setw(6) << elem.second.count << " "
          << std::fixed << std::setprecision(3) << elem.second.time << "\n";
    return out;
  }
  std::map<std::string, Record> mProfile;
};

inline int64_t volume(const Dims& d) {
  return std::accumulate(d.d, d.d + d.nbDims, int64_t(1), std::multiplies<int64_t>());
}
inline unsigned int getElementSize(DataType t) {
  switch (t) {
    case DataType::kINT32: return 4;
    case DataType::kFLOAT: return 4;
    case DataType::kHALF: return 2;
    case DataType::kINT8: return 1;
  }
  throw std::runtime_error("Invalid DataType.");
}

template <typename AllocFunc, typename FreeFunc>
class GenericBuffer {
 public:
  GenericBuffer(size_t size, DataType type) : mByteSize(size * getElementSize(type)) {
    if (!allocFn(&mBuffer, mByteSize)) throw std::bad_alloc();
  }
  GenericBuffer(GenericBuffer&& buf) : mByteSize(buf.mByteSize), mBuffer(buf.mBuffer) {
    buf.mByteSize = 0;
    buf.mBuffer = nullptr;
  }
  ~GenericBuffer() { freeFn(mBuffer); }
  void* data() { return mBuffer; }
  size_t size() const { return mByteSize; }

 private:
  size_t mByteSize;
  void* mBuffer;
  AllocFunc allocFn;
  FreeFunc freeFn;
};
struct DeviceAllocator {
  bool operator()(void** ptr, size_t size) const { return cudaMalloc(ptr, size) == cudaSuccess; }
};
struct DeviceFree {
  void operator()(void* ptr) const { cudaFree(ptr); }
};
struct HostAllocator {
  bool operator()(void** ptr, size_t size) const {
    *ptr = malloc(size);
    return *ptr != nullptr;
  }
};
struct HostFree {
  void operator()(void* ptr) const { free(ptr); }
};
struct ManagedBuffer {
  GenericBuffer<DeviceAllocator, DeviceFree> deviceBuffer;
  GenericBuffer<HostAllocator, HostFree> hostBuffer;
};

class BufferManager {
 public:
  BufferManager(std::shared_ptr<ICudaEngine> engine, const int& batchSize) : mEngine(engine) {
    for (int i = 0; i < mEngine->getNbBindings(); i++) {
      const size_t vol = volume(mEngine->getBindingDimensions(i)) * batchSize;
      const DataType type = mEngine->getBindingDataType(i);
      mBuffers.emplace_back(new ManagedBuffer{{vol, type}, {vol, type}});
      mDeviceBindings.emplace_back(mBuffers.back()->deviceBuffer.data());
    }
  }
  std::vector<void*>& getDeviceBindings() { return mDeviceBindings; }
  void* getHostBuffer(const std::string& name) const {
    const int index = mEngine->getBindingIndex(name.c_str());
    return index == -1 ? nullptr : mBuffers[index]->hostBuffer.data();
  }
  void copyInputToDeviceAsync(const cudaStream_t& stream = 0) { memcpyBuffers(true, stream); }
  void copyOutputToHostAsync(const cudaStream_t& stream = 0) { memcpyBuffers(false, stream); }

 private:
  void memcpyBuffers(bool input, const cudaStream_t& stream) {
    for (int i = 0; i < mEngine->getNbBindings(); i++) {
      if (mEngine->bindingIsInput(i) != input) continue;
      ManagedBuffer& b = *mBuffers[i];
      void* dstPtr = input ? b.deviceBuffer.data() : b.hostBuffer.data();
      const void* srcPtr = input ? b.hostBuffer.data() : b.deviceBuffer.data();
      const cudaMemcpyKind kind = input ? cudaMemcpyHostToDevice : cudaMemcpyDeviceToHost;
      CHECK(cudaMemcpyAsync(dstPtr, srcPtr, b.hostBuffer.size(), kind, stream));
    }
  }
  std::shared_ptr<ICudaEngine> mEngine;
  std::vector<std::unique_ptr<ManagedBuffer>> mBuffers;
  std::vector<void*> mDeviceBindings;
};

static void setAllTensorScales(INetworkDefinition* network, float in, float out) {
  for (int i = 0; i < network->getNbLayers(); i++) {
    auto layer = network->getLayer(i);
    for (int j = 0; j < layer->getNbInputs(); j++) {
      ITensor* input{layer->getInput(j)};
      if (input != nullptr && !input->dynamicRangeIsSet()) assert(input->setDynamicRange(-in, in));
    }
    for (int j = 0; j < layer->getNbOutputs(); j++) {
      ITensor* output{layer->getOutput(j)};
      if (output != nullptr && !output->dynamicRangeIsSet()) output->setDynamicRange(-out, out);
    }
  }
}

int main(int argc, char** argv) {
  assert(argc == 3);
  gDirectory = argv[1];
  const int num = atoi(argv[2]), batch = 2;
  Allocator allocator;
  auto builder = infer_object(createInferBuilder(gLogger));
  auto network = infer_object(builder->createNetwork());
  auto parser = infer_object(nvcaffeparser1::createCaffeParser());
  auto blobs = parser->parse(locateFile(DEPLOY_FILE).c_str(), locateFile(MODEL_FILE).c_str(),
                             *network, DataType::kFLOAT);
  assert(blobs);
  network->markOutput(*blobs->find(OUTPUT_BLOB_NAME));
  auto mean = infer_object(parser->parseBinaryProto(locateFile(MEAN_FILE).c_str()));

  // The mean in memory of the program's own, as weights of a constant in front of the network.
  FloatMemory* ownMean = new FloatMemory(INPUT_H * INPUT_W);
  std::copy_n(static_cast<const float*>(mean->getData()), INPUT_H * INPUT_W, ownMean->raw());
  Dims inputDims = network->getInput(0)->getDimensions();
  Weights meanWeights{ownMean->type(), ownMean->data(), volume(inputDims)};
  const float maxMean = *std::max_element(ownMean->raw(), ownMean->raw() + volume(inputDims));
  auto constant = network->addConstant(Dims3(1, inputDims.d[1], inputDims.d[2]), meanWeights);
  auto meanSub = network->addElementWise(*network->getInput(0), *constant->getOutput(0),
                                         ElementWiseOperation::kSUB);
  network->getLayer(0)->setInput(0, *meanSub->getOutput(0));
  setAllTensorScales(network.get(), maxMean, maxMean);

  builder->setGpuAllocator(&allocator);
  builder->setMaxBatchSize(batch);
  builder->setMaxWorkspaceSize(16_MB);
  builder->allowGPUFallback(true);
  builder->setFp16Mode(false);
  builder->setStrictTypeConstraints(true);
  assert(!builder->getInt8Mode() && builder->getStrictTypeConstraints());
  auto engine = infer_object(builder->buildCudaEngine(*network));
  ownMean->destroy();

  BufferManager buffers(engine, batch);
  auto context = infer_object(engine->createExecutionContext());
  float* host = static_cast<float*>(buffers.getHostBuffer(INPUT_BLOB_NAME));
  assert(buffers.getHostBuffer("no such tensor") == nullptr);
  for (int b = 0; b < batch; b++) {
    const std::vector<uint8_t> pixels = readPGMFile((num + b) % 10);
    for (int i = 0; i < INPUT_H * INPUT_W; i++) host[b * INPUT_H * INPUT_W + i] = pixels[i];
  }
  cudaStream_t stream;
  CHECK(cudaStreamCreate(&stream));
  buffers.copyInputToDeviceAsync(stream);
  assert(context->enqueue(batch, buffers.getDeviceBindings().data(), stream, nullptr));
  buffers.copyOutputToHostAsync(stream);
  CHECK(cudaStreamSynchronize(stream));
  CHECK(cudaStreamDestroy(stream));

  SimpleProfiler profiler;
  context->setProfiler(&profiler);
  for (int i = 0; i < 3; i++) assert(context->execute(batch, &buffers.getDeviceBindings()[0]));
  std::cout << profiler;
  for (const auto& layer : profiler.mProfile) assert(layer.second.count == 3);
  assert(int(profiler.mProfile.size()) <= engine->getNbLayers());
  context->setProfiler(nullptr);
  assert(context->execute(1, &buffers.getDeviceBindings()[0]));

  const float* prob = static_cast<const float*>(buffers.getHostBuffer(OUTPUT_BLOB_NAME));
  const bool right = best(prob) == num && best(prob + OUTPUT_SIZE) == (num + 1) % 10;
  return right && gLogger.errors == 0 ? 0 : 1;
}
