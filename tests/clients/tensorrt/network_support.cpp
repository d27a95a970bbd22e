#include "network_support.h"

#include <random>

#include <cuda_runtime_api.h>

using namespace nvinfer1;

bool Messages::complained(const std::string& words) const {
  for (const std::string& e : errors)
    if (e.find(words) != std::string::npos) return true;
  return false;
}

std::string Messages::all() const {
  std::string text;
  for (const std::string& e : errors) text += e + "\n";
  return text;
}

namespace {

size_t volume(const Dims& d) {
  size_t n = 1;
  for (int k = 0; k < d.nbDims; ++k) n *= static_cast<size_t>(d.d[k]);
  return n;
}

bool execute(ICudaEngine& engine, int batch, const std::vector<float>& input, Result* result) {
  const int in = engine.getBindingIndex("x"), out = engine.getBindingIndex("y");
  if (in < 0 || out < 0 || engine.getNbBindings() != 2) return false;
  result->dims = engine.getBindingDimensions(out);
  result->values.assign(static_cast<size_t>(batch) * volume(result->dims), -77.0f);
  void* buffers[2] = {nullptr, nullptr};
  const size_t bytes = result->values.size() * sizeof(float);
  cudaMalloc(&buffers[in], input.size() * sizeof(float));
  cudaMalloc(&buffers[out], bytes);
  cudaMemcpy(buffers[in], input.data(), input.size() * sizeof(float), cudaMemcpyHostToDevice);
  cudaMemset(buffers[out], 0xFF, bytes);
  IExecutionContext* context = engine.createExecutionContext();
  const bool ok = context && context->execute(batch, buffers);
  cudaMemcpy(result->values.data(), buffers[out], bytes, cudaMemcpyDeviceToHost);
  if (context) context->destroy();
  cudaFree(buffers[in]);
  cudaFree(buffers[out]);
  return ok;
}

}  // namespace

Result run_network(const Dims& dims, int batch, const std::vector<float>& input,
                   const Describe& describe, Messages* messages) {
  Result result;
  IBuilder* builder = createInferBuilder(*messages);
  INetworkDefinition* network = builder->createNetwork();
  ITensor* output = describe(*network, *network->addInput("x", DataType::kFLOAT, dims));
  ICudaEngine* built = nullptr;
  if (output) {
    result.inferred = output->getDimensions();
    output->setName("y");
    network->markOutput(*output);
    builder->setMaxBatchSize(batch);
    builder->setMaxWorkspaceSize(1 << 20);
    built = builder->buildCudaEngine(*network);
  }
  network->destroy();
  if (built) {
    IHostMemory* bytes = built->serialize();
    built->destroy();
    IRuntime* runtime = createInferRuntime(*messages);
    ICudaEngine* engine = runtime->deserializeCudaEngine(bytes->data(), bytes->size(), nullptr);
    bytes->destroy();
    result.ok = engine && execute(*engine, batch, input, &result);
    if (engine) engine->destroy();
    runtime->destroy();
  }
  builder->destroy();
  return result;
}

std::vector<float> numbers(size_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> uniform(-1, 1);
  std::vector<float> values(count);
  for (float& v : values) v = uniform(random);
  return values;
}

Weights lend(const std::vector<float>& values) {
  return {DataType::kFLOAT, values.data(), static_cast<int64_t>(values.size())};
}
