// What programs rely on beyond numbers: names, lifetimes, errors that are logged and answered with
// null.
#include <atomic>
#include <chrono>
#include <cstring>
#include <fstream>
#include <memory>
#include <thread>

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include "NvCaffeParser.h"
#include "NvInferPlugin.h"
#include "NvUtils.h"
#include "install_support.h"
#include "network_support.h"

using namespace nvinfer1;
using nvcaffeparser1::ICaffeParser;

namespace {

std::string model(const char* name) { return model_folder() + "/" + name; }
const char kDeploy[] = "deploy.prototxt";
const char kWeights[] = "snapshot_iter_880.caffemodel";

// A builder, a network and a parser with the digits model in it.
class Digits : public testing::Test {
 protected:
  void SetUp() override {
    builder = createInferBuilder(messages);
    network = builder->createNetwork();
    parser = nvcaffeparser1::createCaffeParser();
    blobs =
        parser->parse(model(kDeploy).c_str(), model(kWeights).c_str(), *network, DataType::kFLOAT);
    ASSERT_NE(blobs, nullptr) << messages.all();
  }
  void TearDown() override {
    if (parser) parser->destroy();
    if (network) network->destroy();
    if (builder) builder->destroy();
  }
  ICudaEngine* build(int batch) {
    network->markOutput(*blobs->find("softmax"));
    builder->setMaxBatchSize(batch);
    return builder->buildCudaEngine(*network);
  }
  Messages messages;
  IBuilder* builder = nullptr;
  INetworkDefinition* network = nullptr;
  ICaffeParser* parser = nullptr;
  const nvcaffeparser1::IBlobNameToTensor* blobs = nullptr;
};

TEST_F(Digits, LayersAndTensorsBearTheModelsNames) {
  ASSERT_EQ(network->getNbLayers(), 8);
  EXPECT_STREQ(network->getInput(0)->getName(), "data");
  EXPECT_STREQ(network->getLayer(0)->getName(), "conv1");
  EXPECT_STREQ(network->getLayer(0)->getOutput(0)->getName(), "conv1");
  EXPECT_STREQ(network->getLayer(7)->getOutput(0)->getName(), "softmax");
  EXPECT_EQ(blobs->find("softmax"), network->getLayer(7)->getOutput(0));
  EXPECT_EQ(blobs->find("data"), network->getInput(0));
  EXPECT_EQ(network->getLayer(8), nullptr);
  EXPECT_EQ(network->getLayer(-1), nullptr);
  EXPECT_EQ(network->getInput(1), nullptr);
  EXPECT_EQ(network->getLayer(0)->getInput(1), nullptr);
}

TEST_F(Digits, BatchesOfEverySizeGiveTheSame) {
  ICudaEngine* engine = build(5);
  ASSERT_NE(engine, nullptr) << messages.all();
  IExecutionContext* context = engine->createExecutionContext();
  const std::vector<float> x = numbers(5 * 784, 3);
  float *in = nullptr, *out = nullptr;
  cudaMalloc(reinterpret_cast<void**>(&in), x.size() * 4);
  cudaMalloc(reinterpret_cast<void**>(&out), 50 * 4);
  std::memcpy(in, x.data(), x.size() * 4);
  void* buffers[] = {in, out};
  if (engine->getBindingIndex("data") != 0) std::swap(buffers[0], buffers[1]);
  ASSERT_TRUE(context->execute(5, buffers));
  const std::vector<float> all(out, out + 50);
  for (int batch = 4; batch >= 1; --batch) {
    std::memset(out, 0xFF, 50 * 4);
    ASSERT_TRUE(context->execute(batch, buffers));
    for (int k = 0; k < batch * 10; ++k) ASSERT_NEAR(out[k], all[static_cast<size_t>(k)], 1e-5);
    ASSERT_NE(out[batch * 10], out[batch * 10]) << "wrote beyond the batch";
  }
  EXPECT_FALSE(context->execute(6, buffers));
  EXPECT_FALSE(context->execute(0, buffers));
  EXPECT_TRUE(messages.complained("batch size 6"));
  void* missing[] = {in, nullptr};
  EXPECT_FALSE(context->execute(1, missing));
  EXPECT_FALSE(context->enqueue(1, missing, nullptr, nullptr));
  cudaStream_t stream = nullptr;
  cudaStreamCreate(&stream);
  cudaStreamDestroy(stream);
  EXPECT_FALSE(context->enqueue(1, buffers, stream, nullptr)) << "a stream that is gone";
  context->destroy();
  engine->destroy();
  cudaFree(in);
  cudaFree(out);
  cudaGetLastError();
}

TEST_F(Digits, ContextsRunAtOnceOnStreamsOfTheirOwn) {
  ICudaEngine* engine = build(2);
  ASSERT_NE(engine, nullptr) << messages.all();
  const std::vector<float> x = numbers(784, 4);
  std::atomic<int> wrong{0};
  std::vector<float> first(10);
  auto work = [&](std::vector<float>* result) {
    IExecutionContext* context = engine->createExecutionContext();
    cudaStream_t stream = nullptr;
    cudaStreamCreate(&stream);
    void* buffers[2] = {nullptr, nullptr};
    const int in = engine->getBindingIndex("data"), out = engine->getBindingIndex("softmax");
    cudaMalloc(&buffers[in], 784 * 4);
    cudaMalloc(&buffers[out], 10 * 4);
    for (int k = 0; k < 20; ++k) {
      cudaMemcpyAsync(buffers[in], x.data(), 784 * 4, cudaMemcpyHostToDevice, stream);
      if (!context->enqueue(1, buffers, stream, nullptr)) ++wrong;
      cudaMemcpyAsync(result->data(), buffers[out], 10 * 4, cudaMemcpyDeviceToHost, stream);
    }
    context->destroy();  // its work is done by then: the last copy waited
    cudaStreamDestroy(stream);
    cudaFree(buffers[0]);
    cudaFree(buffers[1]);
  };
  work(&first);
  std::vector<std::vector<float>> results(4, std::vector<float>(10));
  std::vector<std::thread> threads;
  for (auto& r : results) threads.emplace_back(work, &r);
  for (auto& t : threads) t.join();
  engine->destroy();
  EXPECT_EQ(wrong, 0);
  for (const auto& r : results) EXPECT_EQ(r, first);
}

TEST_F(Digits, AContextMayGoWhileItsWorkIsQueued) {
  ICudaEngine* engine = build(1);
  ASSERT_NE(engine, nullptr) << messages.all();
  IExecutionContext* context = engine->createExecutionContext();
  cudaStream_t stream = nullptr;
  cudaStreamCreate(&stream);
  std::atomic<bool> open{false};
  cudaLaunchHostFunc(
      stream,
      [](void* gate) {
        while (!*static_cast<std::atomic<bool>*>(gate)) std::this_thread::yield();
      },
      &open);
  std::vector<float> x = numbers(784, 5), y(10, -1.0f);
  void* buffers[2] = {x.data(), y.data()};
  if (engine->getBindingIndex("data") != 0) std::swap(buffers[0], buffers[1]);
  cudaEvent_t consumed = nullptr;
  cudaEventCreate(&consumed);
  ASSERT_TRUE(context->enqueue(1, buffers, stream, &consumed));
  EXPECT_EQ(cudaEventQuery(consumed), cudaErrorNotReady);
  context->destroy();
  engine->destroy();
  buffers[0] = buffers[1] = nullptr;  // the array is the caller's again
  open = true;
  EXPECT_EQ(cudaEventSynchronize(consumed), cudaSuccess);
  cudaStreamDestroy(stream);
  cudaEventDestroy(consumed);
  float sum = 0;
  for (const float p : y) sum += p;
  EXPECT_NEAR(sum, 1, 1e-5);
}

// Tells whether it was run before it went.
class SlowCopy : public IPlugin {
 public:
  explicit SlowCopy(std::atomic<int>* state) : state_(state) {}
  ~SlowCopy() { *state_ += 10; }
  int getNbOutputs() const override { return 1; }
  Dims getOutputDimensions(int, const Dims* inputs, int) override { return inputs[0]; }
  void configure(const Dims*, int, const Dims*, int, int) override {}
  int initialize() override { return 0; }
  void terminate() override {}
  size_t getWorkspaceSize(int) const override { return 0; }
  int enqueue(int, const void* const* inputs, void** outputs, void*, cudaStream_t) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    std::memcpy(outputs[0], inputs[0], 16);
    *state_ = 1;
    return 0;
  }
  size_t getSerializationSize() override { return 0; }
  void serialize(void*) override {}

 private:
  std::atomic<int>* state_;
};

// A program may give up its plugins once context and engine are destroyed, as with TensorRT.
TEST_F(Digits, PluginsMayGoAfterContextAndEngine) {
  std::atomic<int> state{0};
  auto plugin = std::make_unique<SlowCopy>(&state);
  INetworkDefinition* own = builder->createNetwork();
  ITensor* x = own->addInput("x", DataType::kFLOAT, DimsCHW(1, 2, 2));
  ITensor* y = own->addPlugin(&x, 1, *plugin)->getOutput(0);
  own->markOutput(*y);
  ICudaEngine* engine = builder->buildCudaEngine(*own);
  ASSERT_NE(engine, nullptr) << messages.all();
  IExecutionContext* context = engine->createExecutionContext();
  cudaStream_t stream = nullptr;
  cudaStreamCreate(&stream);
  float in[4] = {1, 2, 3, 4}, out[4] = {};
  void* buffers[2] = {in, out};
  if (engine->getBindingIndex("x") != 0) std::swap(buffers[0], buffers[1]);
  state = 0;  // timing may have run it
  ASSERT_TRUE(context->enqueue(1, buffers, stream, nullptr));
  context->destroy();
  engine->destroy();
  plugin.reset();
  EXPECT_EQ(state, 11);
  EXPECT_EQ(out[3], 4);
  cudaStreamDestroy(stream);
  own->destroy();
}

TEST_F(Digits, DamagedEnginesAreRefused) {
  ICudaEngine* engine = build(1);
  ASSERT_NE(engine, nullptr) << messages.all();
  IHostMemory* memory = engine->serialize();
  engine->destroy();
  std::vector<char> bytes(static_cast<char*>(memory->data()),
                          static_cast<char*>(memory->data()) + memory->size());
  memory->destroy();
  IRuntime* runtime = createInferRuntime(messages);
  const size_t before = messages.errors.size();
  EXPECT_EQ(runtime->deserializeCudaEngine(bytes.data(), 0, nullptr), nullptr);
  EXPECT_EQ(runtime->deserializeCudaEngine(bytes.data(), bytes.size() / 2, nullptr), nullptr);
  EXPECT_EQ(runtime->deserializeCudaEngine("what is this", 12, nullptr), nullptr);
  for (size_t at = 3; at < bytes.size(); at += bytes.size() / 23) {
    std::vector<char> damaged = bytes;
    damaged[at] ^= 0x10;
    EXPECT_EQ(runtime->deserializeCudaEngine(damaged.data(), damaged.size(), nullptr), nullptr)
        << at;
  }
  EXPECT_GT(messages.errors.size(), before + 20);
  engine = runtime->deserializeCudaEngine(bytes.data(), bytes.size(), nullptr);
  ASSERT_NE(engine, nullptr) << messages.all();
  runtime->destroy();
  EXPECT_EQ(engine->getBindingDimensions(engine->getBindingIndex("softmax")).nbDims, 3);
  EXPECT_EQ(engine->getBindingName(7), nullptr);
  engine->destroy();
}

// A plan that the command wrote is an engine, and an engine that a program saved is a plan.
TEST_F(Digits, EnginesAndPlansAreOneThing) {
  const std::string tenfold = std::string("'") + TENFOLD_BIN_DIR + "/tenfold' ";
  std::string words;
  ASSERT_EQ(run(tenfold + "build '" + model_folder() + "' --raw-input --no-timing --batch 3 -o '" +
                    model("by_command.plan") + "'",
                &words),
            0)
      << words;
  std::ifstream file(model("by_command.plan"), std::ios::binary);
  const std::vector<char> bytes((std::istreambuf_iterator<char>(file)),
                                std::istreambuf_iterator<char>());
  IRuntime* runtime = createInferRuntime(messages);
  ICudaEngine* theirs = runtime->deserializeCudaEngine(bytes.data(), bytes.size(), nullptr);
  runtime->destroy();
  ASSERT_NE(theirs, nullptr) << messages.all();
  EXPECT_EQ(theirs->getMaxBatchSize(), 3);
  ICudaEngine* own = build(3);
  ASSERT_NE(own, nullptr) << messages.all();
  const std::vector<float> x = numbers(3 * 784, 6);
  std::vector<float> results[2];
  for (ICudaEngine* engine : {theirs, own}) {
    const int in = engine->getBindingIndex("data"), out = engine->getBindingIndex("softmax");
    EXPECT_EQ(extents(engine->getBindingDimensions(in)), (std::vector<int>{1, 28, 28}));
    EXPECT_EQ(extents(engine->getBindingDimensions(out)), (std::vector<int>{10, 1, 1}));
    std::vector<float> input = x, output(30, -1);
    void* buffers[2];
    buffers[in] = input.data();
    buffers[out] = output.data();
    IExecutionContext* context = engine->createExecutionContext();
    EXPECT_TRUE(context->execute(3, buffers)) << messages.all();
    context->destroy();
    results[engine == own] = output;
  }
  for (size_t k = 0; k < 30; ++k) EXPECT_NEAR(results[0][k], results[1][k], 1e-5);

  IHostMemory* memory = own->serialize();
  std::ofstream(model("by_program.plan"), std::ios::binary)
      .write(static_cast<const char*>(memory->data()),
             static_cast<std::streamsize>(memory->size()));
  memory->destroy();
  theirs->destroy();
  own->destroy();
  EXPECT_EQ(run(tenfold + "inspect '" + model("by_program.plan") + "'", &words), 0) << words;
  EXPECT_NE(words.find("ip1 + relu1"), std::string::npos) << words;
  EXPECT_EQ(run(tenfold + "bench '" + model("by_program.plan") + "' --batch 2 --json", &words), 0)
      << words;
}

TEST(Utils, RearrangesWeights) {
  const std::vector<float> in = {0, 1, 2, 3, 4, 5};
  std::vector<float> out(6);
  const int shape[] = {2, 3}, order[] = {1, 0};
  EXPECT_TRUE(utils::reshapeWeights(lend(in), shape, order, out.data(), 2));
  EXPECT_EQ(out, (std::vector<float>{0, 3, 1, 4, 2, 5}));
  EXPECT_TRUE(utils::transposeSubBuffers(out.data(), DataType::kFLOAT, 1, 3, 2));
  EXPECT_EQ(out, in);
  const int swap[] = {2, 0, 1};
  EXPECT_TRUE(utils::reorderSubBuffers(out.data(), swap, 3, 8));
  EXPECT_EQ(out, (std::vector<float>{4, 5, 0, 1, 2, 3}));
  const int wrong[] = {0, 0};
  EXPECT_FALSE(utils::reshapeWeights(lend(in), shape, wrong, out.data(), 2));
}

TEST(Library, KnowsItsVersionAndLogger) {
  Messages messages;
  IRuntime* runtime = createInferRuntime(messages);
  EXPECT_EQ(getLogger(), &messages);
  EXPECT_EQ(getInferLibVersion(), NV_TENSORRT_VERSION);
  EXPECT_TRUE(initLibNvInferPlugins(&messages, ""));
  int count = -1;
  getPluginRegistry()->getPluginCreatorList(&count);
  EXPECT_EQ(count, 0);
  EXPECT_EQ(getPluginRegistry()->getPluginCreator("Normalize_TRT", "1"), nullptr);
  runtime->destroy();
}

TEST(Library, SaysThatItHasNoBuiltInPlugins) {
  Messages messages;
  IRuntime* runtime = createInferRuntime(messages);
  EXPECT_EQ(plugin::createPReLUPlugin(0.1f), nullptr);
  EXPECT_TRUE(messages.complained("createPReLUPlugin: the plugins of TensorRT's plugin library"));
  EXPECT_EQ(createSSDPermutePlugin({{0, 2, 3, 1}}), nullptr);  // TensorRT 2's namespace
  EXPECT_TRUE(messages.complained("createSSDPermutePlugin"));
  EXPECT_EQ(createReorgPlugin(2), nullptr);
  EXPECT_TRUE(messages.complained("createReorgPlugin"));
  EXPECT_EQ(messages.errors.size(), 3u);
  runtime->destroy();
}

TEST(Network, SaysWhichLayersAreMissing) {
  Messages messages;
  IBuilder* builder = createInferBuilder(messages);
  INetworkDefinition* network = builder->createNetwork();
  ITensor* x = network->addInput("x", DataType::kFLOAT, Dims2(1, 8));
  EXPECT_EQ(network->addRNNv2(*x, 1, 8, 1, RNNOperation::kLSTM), nullptr);
  EXPECT_TRUE(messages.complained("addRNNv2: this layer is not available yet"));
  EXPECT_TRUE(messages.complained("a plugin of the program's own can stand for it"));
  network->markOutput(*network->addUnary(*x, UnaryOperation::kABS)->getOutput(0));
  ICudaEngine* engine = builder->buildCudaEngine(*network);
  ASSERT_NE(engine, nullptr) << messages.all();
  EXPECT_EQ(createInferRefitter(*engine, messages), nullptr);
  EXPECT_TRUE(messages.complained("createInferRefitter: engines cannot be refitted yet"));
  engine->destroy();
  network->destroy();
  builder->destroy();
}

TEST(Runtime, TellsEnginesOfOthersFromDamagedOnes) {
  Messages messages;
  IRuntime* runtime = createInferRuntime(messages);
  const std::string other = "ptrt and what follows in such a file";
  EXPECT_EQ(runtime->deserializeCudaEngine(other.data(), other.size(), nullptr), nullptr);
  EXPECT_TRUE(messages.complained("not an engine that Tenfold wrote")) << messages.all();
  EXPECT_TRUE(messages.complained("build the engine anew")) << messages.all();
  runtime->destroy();
}

}  // namespace
