// Parsers and builders: what they refuse, with which words, and what they accept with a warning.
#include <cmath>
#include <fstream>
#include <map>

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include "NvCaffeParser.h"
#include "install_support.h"
#include "network_support.h"

using namespace nvinfer1;
using nvcaffeparser1::ICaffeParser;

namespace {

// A network without a file of weights, which is given random ones.
const nvcaffeparser1::IBlobNameToTensor* parse_untrained(ICaffeParser& parser,
                                                         const std::string& text,
                                                         INetworkDefinition& network,
                                                         DataType type) {
  setenv("TENFOLD_RANDOM_WEIGHTS", "1", 1);
  const auto* blobs = parser.parseBuffers(text.data(), text.size(), nullptr, 0, network, type);
  unsetenv("TENFOLD_RANDOM_WEIGHTS");
  return blobs;
}

std::string model(const char* name) { return model_folder() + "/" + name; }
const char kDeploy[] = "deploy.prototxt";
const char kWeights[] = "snapshot_iter_880.caffemodel";

TEST(Parser, TellsEveryErrorAndReturnsNull) {
  Messages messages;
  IBuilder* builder = createInferBuilder(messages);
  INetworkDefinition* network = builder->createNetwork();
  ICaffeParser* parser = nvcaffeparser1::createCaffeParser();
  auto parse = [&](const char* deploy, const char* weights) {
    return parser->parse(deploy, weights, *network, DataType::kFLOAT);
  };
  EXPECT_EQ(parse("/no/such.prototxt", model(kWeights).c_str()), nullptr);
  EXPECT_TRUE(messages.complained("/no/such.prototxt"));
  EXPECT_EQ(parse(model(kDeploy).c_str(), "/no/such.caffemodel"), nullptr);
  EXPECT_TRUE(messages.complained("/no/such.caffemodel"));
  EXPECT_EQ(parse(model(kDeploy).c_str(), nullptr), nullptr);
  EXPECT_TRUE(messages.complained("TENFOLD_RANDOM_WEIGHTS"));
  EXPECT_EQ(parse(nullptr, nullptr), nullptr);
  const std::string text =
      "input: 'x' input_shape { dim: 1 dim: 1 dim: 4 dim: 4 }\n"
      "layer { name: 'one' type: 'Mystery' bottom: 'x' top: 'a' }\n"
      "layer { name: 'two' type: 'Riddle' bottom: 'x' top: 'b' }\n";
  EXPECT_EQ(
      parser->parseBuffers(text.data(), text.size(), "\x0a\x01n", 3, *network, DataType::kFLOAT),
      nullptr);
  EXPECT_TRUE(messages.complained("Mystery") && messages.complained("Riddle")) << messages.all();
  EXPECT_TRUE(messages.complained("setPluginFactory() that claims 'two'")) << messages.all();
  const std::string train =
      "layer { name: 'd' type: 'Data' top: 'x' }\n"
      "layer { name: 'r' type: 'ReLU' bottom: 'x' top: 'y' }\n";
  EXPECT_EQ(
      parser->parseBuffers(train.data(), train.size(), "\x0a\x01n", 3, *network, DataType::kFLOAT),
      nullptr);
  EXPECT_TRUE(messages.complained("give the deploy prototxt")) << messages.all();
  EXPECT_FALSE(messages.complained("--")) << messages.all();
  EXPECT_EQ(network->getNbLayers(), 0);
  EXPECT_EQ(network->getNbInputs(), 0);
  EXPECT_EQ(parser->parseBinaryProto("/no/such.binaryproto"), nullptr);
  EXPECT_EQ(parser->parseBinaryProto(model(kDeploy).c_str()), nullptr);
  nvcaffeparser1::shutdownProtobufLibrary();
  nvcaffeparser1::shutdownProtobufLibrary();
  parser->destroy();
  network->destroy();
  builder->destroy();
}

TEST(Parser, ReadsBuffersAndRandomWeightsOnRequest) {
  Messages messages;
  IBuilder* builder = createInferBuilder(messages);
  INetworkDefinition* network = builder->createNetwork();
  ICaffeParser* parser = nvcaffeparser1::createCaffeParser();
  std::ifstream file(model(kDeploy), std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const auto* blobs = parse_untrained(*parser, text, *network, DataType::kHALF);
  ASSERT_NE(blobs, nullptr) << messages.all();
  network->markOutput(*blobs->find("softmax"));
  ICudaEngine* engine = builder->buildCudaEngine(*network);
  EXPECT_NE(engine, nullptr) << messages.all();
  if (engine) engine->destroy();
  network->destroy();
  parser->destroy();
  builder->destroy();
}

// Outputs are kFLOAT or what their layer makes; programs may ask for kHALF.
TEST(Network, OutputsInTheTypeThatIsSet) {
  Messages messages;
  IBuilder* builder = createInferBuilder(messages);
  INetworkDefinition* network = builder->createNetwork();
  ITensor* x = network->addInput("x", DataType::kFLOAT, DimsCHW(4, 1, 1));
  ITensor* y = network->addActivation(*x, ActivationType::kRELU)->getOutput(0);
  ITensor* z = network->addActivation(*y, ActivationType::kSIGMOID)->getOutput(0);
  ITensor* top = network->addTopK(*z, TopKOperation::kMAX, 1, 1)->getOutput(1);
  y->setName("y");
  z->setName("z");
  top->setName("top");
  for (ITensor* t : {x, y, z, top}) network->markOutput(*t);
  x->setType(DataType::kFLOAT);
  network->unmarkOutput(*x);
  y->setType(DataType::kHALF);
  z->setType(DataType::kINT8);
  top->setType(DataType::kINT32);
  EXPECT_EQ(y->getType(), DataType::kHALF);
  EXPECT_EQ(z->getType(), DataType::kFLOAT);
  EXPECT_EQ(top->getType(), DataType::kINT32);
  builder->setMaxBatchSize(2);
  ICudaEngine* engine = builder->buildCudaEngine(*network);
  ASSERT_NE(engine, nullptr) << messages.all();
  int told = 0;
  for (const std::string& w : messages.warnings) told += w.find("setType()") != std::string::npos;
  EXPECT_EQ(told, 1) << messages.all();
  const std::vector<float> in = {1, -2, 0.5f, 3, -1, 0.25f, 8, -4};
  std::vector<uint16_t> half(8);
  std::vector<float> sigmoid(8);
  std::vector<int32_t> best(2);
  std::map<std::string, void*> places = {{"x", const_cast<float*>(in.data())},
                                         {"y", half.data()},
                                         {"z", sigmoid.data()},
                                         {"top", best.data()}};
  void* buffers[4] = {};
  for (const auto& [name, place] : places) buffers[engine->getBindingIndex(name.c_str())] = place;
  auto type = [&](const char* name) {
    return engine->getBindingDataType(engine->getBindingIndex(name));
  };
  EXPECT_EQ(type("y"), DataType::kHALF);
  EXPECT_EQ(type("z"), DataType::kFLOAT);
  EXPECT_EQ(type("top"), DataType::kINT32);
  IExecutionContext* context = engine->createExecutionContext();
  EXPECT_TRUE(context->execute(2, buffers)) << messages.all();
  EXPECT_EQ(half, (std::vector<uint16_t>{0x3c00, 0, 0x3800, 0x4200, 0, 0x3400, 0x4800, 0}));
  EXPECT_EQ(best, (std::vector<int32_t>{3, 2}));
  EXPECT_NEAR(sigmoid[0], 1 / (1 + std::exp(-1.0f)), 1e-6);
  context->destroy();
  engine->destroy();
  network->destroy();
  builder->destroy();
}

// A parsed text, its engine and a context for each, all gone with the test.
class ParsedNetwork : public testing::Test {
 protected:
  ~ParsedNetwork() override {
    if (context) context->destroy();
    if (engine) engine->destroy();
    network->destroy();
    parser->destroy();
    builder->destroy();
  }
  bool parse(const std::string& text) {
    blobs = parse_untrained(*parser, text, *network, DataType::kFLOAT);
    return blobs != nullptr;
  }
  bool build(int max_batch) {
    builder->setMaxBatchSize(max_batch);
    engine = builder->buildCudaEngine(*network);
    context = engine ? engine->createExecutionContext() : nullptr;
    return context != nullptr;
  }
  bool run(int batch, std::map<std::string, std::vector<float>*> bindings) {
    std::vector<void*> buffers(bindings.size());
    for (const auto& [name, values] : bindings)
      buffers.at(static_cast<size_t>(engine->getBindingIndex(name.c_str()))) = values->data();
    return context->execute(batch, buffers.data());
  }

  Messages messages;
  IBuilder* builder = createInferBuilder(messages);
  INetworkDefinition* network = builder->createNetwork();
  ICaffeParser* parser = nvcaffeparser1::createCaffeParser();
  const nvcaffeparser1::IBlobNameToTensor* blobs = nullptr;
  ICudaEngine* engine = nullptr;
  IExecutionContext* context = nullptr;
};

// TensorRT's parser normalizes by the trained statistics whatever the file asks for.
TEST_F(ParsedNetwork, BatchNormalizationIsByTrainedStatistics) {
  const std::string layer = "layer { type: 'BatchNorm' bottom: 'x' name: ";
  ASSERT_TRUE(parse("input: 'x' input_shape { dim: 1 dim: 2 dim: 2 dim: 3 }\n" + layer +
                    "'a' top: 'a' param { name: 'm' } param { name: 'v' } }\n" + layer +
                    "'b' top: 'b' param { name: 'm' } param { name: 'v' }\n"
                    "  batch_norm_param { use_global_stats: false } }\n"))
      << messages.all();
  ASSERT_FALSE(messages.warnings.empty());
  EXPECT_NE(messages.warnings.back().find("use_global_stats"), std::string::npos) << messages.all();
  for (const char* name : {"a", "b"}) network->markOutput(*blobs->find(name));
  ASSERT_TRUE(build(2)) << messages.all();
  std::vector<float> x = numbers(24, 1), a(24, -1), b(24, -2);
  EXPECT_TRUE(run(2, {{"x", &x}, {"a", &a}, {"b", &b}})) << messages.all();
  EXPECT_EQ(a, b);
}

// A model that says 1 where the batch would be runs with a batch of 1.
TEST_F(ParsedNetwork, OfOneItem) {
  ASSERT_TRUE(
      parse("input: 'x' input_shape { dim: 1 dim: 2 dim: 2 dim: 3 }\n"
            "layer { name: 'r' type: 'Reshape' bottom: 'x' top: 'r'\n"
            "        reshape_param { shape { dim: 1 dim: 4 dim: 3 } } }\n"
            "layer { name: 'y' type: 'ReLU' bottom: 'r' top: 'y' }\n"))
      << messages.all();
  EXPECT_EQ(extents(blobs->find("y")->getDimensions()), (std::vector<int>{4, 3}));
  network->markOutput(*blobs->find("y"));
  EXPECT_FALSE(build(2));
  EXPECT_TRUE(messages.complained("fixed at 1")) << messages.all();
  ASSERT_TRUE(build(1)) << messages.all();
  std::vector<float> x = numbers(12, 1), y(12, -1);
  EXPECT_TRUE(run(1, {{"x", &x}, {"y", &y}})) << messages.all();
  for (size_t k = 0; k < 12; ++k) EXPECT_EQ(y[k], std::max(x[k], 0.0f));
  EXPECT_FALSE(run(2, {{"x", &x}, {"y", &y}}));
}

constexpr auto kUnknown = static_cast<UnaryOperation>(99);

// Networks that cannot be built are refused with the layer's name; nothing crashes.
TEST(Builder, RefusesWithTheReason) {
  const std::vector<float> w = numbers(8, 1);
  auto refused = [&](const Describe& describe, const std::string& words) {
    Messages messages;
    const Result r = run_network(DimsCHW(2, 2, 2), 1, numbers(8, 2), describe, &messages);
    EXPECT_FALSE(r.ok);
    EXPECT_TRUE(messages.complained(words)) << words << " is not in\n" << messages.all();
  };
  refused(
      [&](INetworkDefinition& net, ITensor& x) {
        auto* layer = net.addConvolution(x, 3, DimsHW(1, 1), lend(w), none());
        layer->setName("short");
        return layer->getOutput(0);
      },
      "layer 'short': kernel weights: 8 numbers, 6 expected");
  refused(
      [&](INetworkDefinition& net, ITensor& x) {
        return net.addConvolution(x, 4, DimsHW(1, 1), {DataType::kFLOAT, nullptr, 8}, none())
            ->getOutput(0);
      },
      "no values");
  refused(
      [&](INetworkDefinition& net, ITensor& x) {
        return net.addConvolution(x, 4, DimsHW(5, 5), none(), none())->getOutput(0);
      },
      "kernel weights");
  refused(
      [&](INetworkDefinition& net, ITensor& x) {
        auto* a = net.addUnary(x, UnaryOperation::kABS);
        auto* b = net.addUnary(*a->getOutput(0), UnaryOperation::kABS);
        a->setInput(0, *b->getOutput(0));
        return b->getOutput(0);
      },
      "depends on its output");
  refused([&](INetworkDefinition& net,
              ITensor&) { return net.addConstant(Dims3(2, 2, 2), lend(w))->getOutput(0); },
          "depends on no input");
  refused(
      [&](INetworkDefinition& net, ITensor& x) { return net.addUnary(x, kUnknown)->getOutput(0); },
      "unknown unary operation 99");
}

// As TensorRT does: a layer that cannot be is none, at once.
TEST(Builder, ImpossibleParametersGiveNoLayer) {
  Messages messages;
  IBuilder* builder = createInferBuilder(messages);
  INetworkDefinition* net = builder->createNetwork();
  ITensor& x = *net->addInput("x", DataType::kFLOAT, DimsCHW(1, 8, 8));
  EXPECT_EQ(net->addConvolution(x, 0, DimsHW(3, 3), none(), none()), nullptr);
  EXPECT_EQ(net->addConvolution(x, 2, DimsHW(0, 5), none(), none()), nullptr);
  EXPECT_EQ(net->addDeconvolution(x, -1, DimsHW(3, 3), none(), none()), nullptr);
  EXPECT_EQ(net->addFullyConnected(x, 0, none(), none()), nullptr);
  EXPECT_EQ(net->addPooling(x, PoolingType::kMAX, DimsHW(-1, 2)), nullptr);
  EXPECT_TRUE(messages.complained("kernel of 0x5")) << messages.all();
  net->destroy();
  builder->destroy();
}

TEST(Builder, RefusesEmptyNetworksAndForeignTensors) {
  Messages messages;
  IBuilder* builder = createInferBuilder(messages);
  INetworkDefinition *one = builder->createNetwork(), *two = builder->createNetwork();
  EXPECT_EQ(builder->buildCudaEngine(*one), nullptr);
  EXPECT_TRUE(messages.complained("no output"));
  ITensor* x = one->addInput("x", DataType::kFLOAT, DimsCHW(1, 2, 2));
  EXPECT_EQ(one->addInput("x", DataType::kFLOAT, DimsCHW(1, 2, 2)), nullptr);
  EXPECT_EQ(one->addInput(nullptr, DataType::kFLOAT, DimsCHW(1, 2, 2)), nullptr);
  EXPECT_EQ(one->addInput("z", DataType::kFLOAT, DimsCHW(1, -2, 2)), nullptr);
  EXPECT_EQ(two->addActivation(*x, ActivationType::kRELU), nullptr);
  EXPECT_TRUE(messages.complained("another network"));
  EXPECT_EQ(two->addConcatenation(nullptr, 2), nullptr);
  IRNNv2Layer* rnn = one->addRNNv2(*x, 1, 1, 1, RNNOperation::kLSTM);
  EXPECT_EQ(rnn, nullptr);
  if (rnn) {  // the calls of programs that do not ask: they compile
    rnn->setInputMode(RNNInputMode::kLINEAR);
    rnn->setDirection(RNNDirection::kUNIDIRECTION);
    rnn->setHiddenState(*x);
    rnn->setCellState(*x);
    rnn->setWeightsForGate(0, RNNGateType::kINPUT, true, Weights{});
    rnn->setBiasForGate(0, RNNGateType::kFORGET, false, Weights{});
  }
  builder->setMaxBatchSize(0);
  one->markOutput(*one->addActivation(*x, ActivationType::kRELU)->getOutput(0));
  EXPECT_EQ(builder->buildCudaEngine(*one), nullptr);
  builder->destroy();
  one->destroy();
  two->destroy();
}

TEST(Builder, UnusedLayersGoAndOrderDoesNotMatter) {
  Messages messages;
  const std::vector<float> shift = {10};
  const Result r = run_network(
      DimsCHW(1, 1, 2), 1, {1, -2},
      [&](INetworkDefinition& net, ITensor& x) {
        ILayer* last = net.addActivation(x, ActivationType::kRELU);
        net.addUnary(x, kUnknown);  // cannot run, and need not
        ITensor* shifted =
            net.addScale(x, ScaleMode::kUNIFORM, lend(shift), none(), none())->getOutput(0);
        last->setInput(0, *shifted);
        return last->getOutput(0);
      },
      &messages);
  ASSERT_TRUE(r.ok) << messages.all();
  EXPECT_EQ(r.values, (std::vector<float>{11, 8}));
}

class Allocator : public IGpuAllocator {
 public:
  void* allocate(uint64_t, uint64_t, uint32_t) override { return ++calls, nullptr; }
  void free(void*) override { ++calls; }
  int calls = 0;
};

class Calibrator : public IInt8EntropyCalibrator2 {
 public:
  int getBatchSize() const override { return 1; }
  bool getBatch(void**, const char**, int) override { return ++calls, false; }
  const void* readCalibrationCache(std::size_t&) override { return ++calls, nullptr; }
  void writeCalibrationCache(const void*, std::size_t) override { ++calls; }
  int calls = 0;
};

// Each wish is a warning; neither the allocator nor the calibrator is asked; FP16 is told once.
TEST(Builder, TellsWhichWishesItDoesNotFulfil) {
  Messages messages;
  Allocator allocator;
  Calibrator calibrator;
  IRuntime* runtime = createInferRuntime(messages);
  IBuilder* builder = createInferBuilder(messages);
  auto warned = [&](const char* words) {
    int count = 0;
    for (const std::string& w : messages.warnings) count += w.find(words) != std::string::npos;
    return count;
  };
  runtime->setGpuAllocator(&allocator);
  EXPECT_EQ(warned("setGpuAllocator"), 1);
  builder->setGpuAllocator(&allocator);
  EXPECT_EQ(warned("setGpuAllocator"), 2);
  builder->setGpuAllocator(nullptr);
  EXPECT_EQ(warned("setGpuAllocator"), 2);
  builder->setInt8Mode(true);
  builder->setInt8Calibrator(&calibrator);
  EXPECT_EQ(warned("INT8"), 2);
  builder->setRefittable(true);
  EXPECT_EQ(warned("setRefittable"), 1);
  builder->setHalf2Mode(true);
  INetworkDefinition* network = builder->createNetwork();
  ITensor* x = network->addInput("x", DataType::kFLOAT, DimsCHW(1, 2, 2));
  network->markOutput(*network->addActivation(*x, ActivationType::kRELU)->getOutput(0));
  for (int k = 0; k < 2; ++k) {
    ICudaEngine* engine = builder->buildCudaEngine(*network);
    ASSERT_NE(engine, nullptr) << messages.all();
    engine->destroy();
  }
  EXPECT_EQ(warned("FP16"), 1);
  EXPECT_EQ(allocator.calls + calibrator.calls, 0);
  network->destroy();
  builder->destroy();
  runtime->destroy();
}

TEST(Builder, AcceptsWishesItCannotFulfil) {
  Messages messages;
  IBuilder* builder = createInferBuilder(messages);
  builder->setInt8Mode(true);
  builder->setDefaultDeviceType(DeviceType::kDLA);
  builder->setFp16Mode(true);
  EXPECT_TRUE(builder->getHalf2Mode());
  EXPECT_EQ(builder->getNbDLACores(), 0);
  EXPECT_FALSE(builder->platformHasFastInt8());
  EXPECT_GE(messages.warnings.size(), 2u);
  EXPECT_TRUE(messages.errors.empty());
  builder->destroy();
}

}  // namespace
