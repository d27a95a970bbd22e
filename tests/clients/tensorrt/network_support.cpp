#include "network_support.h"

#include <cmath>
#include <random>

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

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

void check(const Dims& in, const Describe& describe, const std::vector<int>& dims,
           const std::function<std::vector<float>(const std::vector<float>& item)>& expected,
           unsigned seed, float offset) {
  const size_t count = volume(in);
  std::vector<float> x = numbers(kBatch * count, seed);
  for (float& v : x) v += offset;
  Messages messages;
  const Result result = run_network(in, kBatch, x, describe, &messages);
  ASSERT_TRUE(result.ok) << messages.all();
  EXPECT_EQ(extents(result.inferred), dims);
  EXPECT_EQ(extents(result.dims), dims);
  EXPECT_TRUE(messages.errors.empty()) << messages.all();
  std::vector<float> want;
  for (size_t n = 0; n < kBatch; ++n) {
    const auto item = x.begin() + static_cast<std::ptrdiff_t>(n * count);
    const std::vector<float> y =
        expected(std::vector<float>(item, item + static_cast<std::ptrdiff_t>(count)));
    want.insert(want.end(), y.begin(), y.end());
  }
  ASSERT_EQ(result.values.size(), want.size());
  for (size_t k = 0; k < want.size(); ++k)
    ASSERT_NEAR(result.values[k], want[k], 2e-5 + 2e-5 * std::fabs(want[k])) << "element " << k;
}
