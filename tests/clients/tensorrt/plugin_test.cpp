// A plugin that fails: what the program hears, and when.
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include "NvInfer.h"
#include "network_support.h"

using namespace nvinfer1;

namespace {

// Copies, unless it is told to fail.
class Copy : public IPlugin {
 public:
  int getNbOutputs() const override { return 1; }
  Dims getOutputDimensions(int, const Dims* inputs, int) override { return inputs[0]; }
  void configure(const Dims*, int, const Dims*, int, int) override {}
  int initialize() override { return 0; }
  void terminate() override {}
  size_t getWorkspaceSize(int) const override { return 0; }
  int enqueue(int, const void* const* inputs, void** outputs, void*, cudaStream_t) override {
    if (status == 0)
      std::copy_n(static_cast<const float*>(inputs[0]), 4, static_cast<float*>(outputs[0]));
    return status;
  }
  size_t getSerializationSize() override { return 0; }
  void serialize(void*) override {}
  int status = 3;
};

class PluginThatFails : public testing::Test {
 protected:
  PluginThatFails() {
    ITensor* x = network_->addInput("x", DataType::kFLOAT, Dims3{1, 1, 4});
    ILayer* layer = network_->addPlugin(&x, 1, plugin_);
    layer->setName("copy");
    layer->getOutput(0)->setName("y");
    network_->markOutput(*layer->getOutput(0));
    engine_ = builder_->buildCudaEngine(*network_);
    for (void*& address : addresses_) cudaMalloc(&address, sizeof values_);
    cudaMemcpy(addresses_[0], values_, sizeof values_, cudaMemcpyHostToDevice);
  }
  ~PluginThatFails() override {
    if (context_) context_->destroy();
    if (engine_) engine_->destroy();
    for (void* address : addresses_) cudaFree(address);
    network_->destroy();
    builder_->destroy();
  }

  const float values_[4] = {1, 2, 3, 4};
  Messages messages_;
  Copy plugin_;
  IBuilder* builder_ = createInferBuilder(messages_);
  INetworkDefinition* network_ = builder_->createNetwork();
  ICudaEngine* engine_ = nullptr;
  IExecutionContext* context_ = nullptr;
  void* addresses_[2] = {};
};

TEST_F(PluginThatFails, EndsARunButNoBuild) {
  ASSERT_NE(engine_, nullptr) << messages_.all();
  EXPECT_TRUE(messages_.errors.empty()) << messages_.all();
  int told = 0;
  for (const std::string& warning : messages_.warnings)
    told += warning.find("'copy': the plugin's enqueue() returned 3") != std::string::npos;
  EXPECT_EQ(told, 1);
  context_ = engine_->createExecutionContext();
  ASSERT_NE(context_, nullptr) << messages_.all();
  EXPECT_FALSE(context_->execute(1, addresses_));
  EXPECT_TRUE(messages_.complained("'copy': the plugin's enqueue() returned 3")) << messages_.all();
  EXPECT_FALSE(context_->enqueue(1, addresses_, nullptr, nullptr));
  EXPECT_EQ(cudaDeviceSynchronize(), cudaSuccess);

  // On a stream it fails later: whoever waits for the stream hears it, once.
  cudaStream_t stream = nullptr;
  ASSERT_EQ(cudaStreamCreate(&stream), cudaSuccess);
  for (const bool all : {false, true}) {
    EXPECT_TRUE(context_->enqueue(1, addresses_, stream, nullptr));
    EXPECT_EQ(all ? cudaDeviceSynchronize() : cudaStreamSynchronize(stream),
              cudaErrorLaunchFailure);
    EXPECT_EQ(cudaGetLastError(), cudaErrorLaunchFailure);
    EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
    EXPECT_EQ(cudaStreamQuery(stream), cudaSuccess);
  }

  plugin_.status = 0;  // and what failed can be run again
  EXPECT_TRUE(context_->enqueue(1, addresses_, stream, nullptr));
  EXPECT_EQ(cudaStreamSynchronize(stream), cudaSuccess);
  EXPECT_TRUE(context_->execute(1, addresses_));
  float got[4] = {};
  cudaMemcpy(got, addresses_[1], sizeof got, cudaMemcpyDeviceToHost);
  for (int k = 0; k < 4; ++k) EXPECT_EQ(got[k], values_[k]);
  cudaStreamDestroy(stream);
}

}  // namespace
