// Caffe models with recorded outputs, through parser, engine and context.
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include "NvCaffeParser.h"
#include "network_support.h"

using namespace nvinfer1;

namespace {

struct Model {
  std::string name, folder, deploy, weights, ref;
  std::vector<std::pair<std::string, std::string>> outputs;  // blob, its output_<...>.npy
};
void PrintTo(const Model& m, std::ostream* os) { *os << m.name; }

// The numbers of a float32 .npy in C order, and its shape without the batch.
std::vector<float> load(const std::string& path, Dims* item = nullptr) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (bytes.size() < 10 || bytes.compare(1, 5, "NUMPY") != 0 ||
      bytes.find("'<f4'") == std::string::npos)
    return {};
  const size_t start = 10 + static_cast<uint8_t>(bytes[8]) + 256u * static_cast<uint8_t>(bytes[9]);
  if (item) {
    size_t at = bytes.find("'shape': (") + 10;
    const size_t end = bytes.find(')', at);
    *item = {};
    at = bytes.find(',', at) + 1;
    while (at < end && item->nbDims < Dims::MAX_DIMS) {
      item->d[item->nbDims++] = std::atoi(bytes.c_str() + at);
      at = bytes.find(',', at) + 1;
      if (at == 0) break;
    }
  }
  std::vector<float> values((bytes.size() - start) / sizeof(float));
  std::memcpy(values.data(), bytes.data() + start, values.size() * sizeof(float));
  return values;
}

class Recorded : public testing::TestWithParam<Model> {};

TEST_P(Recorded, OutputsAgree) {
  const Model& m = GetParam();
  const std::string folder = std::string(TENFOLD_SHARED_DIR) + "/models/" + m.folder + "/";
  if (!std::filesystem::exists(folder + m.deploy)) GTEST_SKIP() << "no " << folder << m.deploy;
  Messages messages;
  IBuilder* builder = createInferBuilder(messages);
  INetworkDefinition* network = builder->createNetwork();
  auto* parser = nvcaffeparser1::createCaffeParser();
  const auto* blobs = parser->parse((folder + m.deploy).c_str(), (folder + m.weights).c_str(),
                                    *network, DataType::kFLOAT);
  ASSERT_NE(blobs, nullptr) << messages.all();
  Dims recorded{};
  const std::vector<float> item = load(folder + m.ref + "/input_data.npy", &recorded);
  ASSERT_EQ(recorded.nbDims, 3);
  network->getInput(0)->setDimensions(
      recorded);  // some models were recorded at a size of their own
  for (const auto& [output, file] : m.outputs) {
    ASSERT_NE(blobs->find(output.c_str()), nullptr) << output;
    network->markOutput(*blobs->find(output.c_str()));
  }
  builder->setMaxBatchSize(2);
  ICudaEngine* engine = builder->buildCudaEngine(*network);
  ASSERT_NE(engine, nullptr) << messages.all();
  network->destroy();
  parser->destroy();
  builder->destroy();

  // Two items, the recorded input twice.
  std::vector<std::vector<float>> memory(static_cast<size_t>(engine->getNbBindings()));
  std::vector<void*> buffers;
  for (int k = 0; k < engine->getNbBindings(); ++k) {
    size_t count = 1;
    const Dims d = engine->getBindingDimensions(k);
    for (int j = 0; j < d.nbDims; ++j) count *= static_cast<size_t>(d.d[j]);
    auto& values = memory[static_cast<size_t>(k)];
    values.assign(2 * count, NAN);
    if (engine->bindingIsInput(k)) {
      ASSERT_EQ(count, item.size());
      std::copy(item.begin(), item.end(), values.begin());
      std::copy(item.begin(), item.end(), values.begin() + static_cast<std::ptrdiff_t>(count));
    }
    buffers.push_back(values.data());
  }
  IExecutionContext* context = engine->createExecutionContext();
  ASSERT_TRUE(context->execute(2, buffers.data())) << messages.all();
  context->destroy();
  for (const auto& [output, file] : m.outputs) {
    const auto& got = memory[static_cast<size_t>(engine->getBindingIndex(output.c_str()))];
    const std::vector<float> want = load(folder + m.ref + "/output_" + file + ".npy");
    ASSERT_EQ(got.size(), 2 * want.size()) << output;
    for (size_t k = 0; k < got.size(); ++k)
      ASSERT_NEAR(got[k], want[k % want.size()], 1e-4 + 1e-4 * std::fabs(want[k % want.size()]))
          << output << " " << k;
  }
  engine->destroy();
  EXPECT_TRUE(messages.errors.empty()) << messages.all();
}

const Model kModels[] = {
    {"cifar10_quick",
     "caffe-cifar10-quick-scar",
     "cifar10_quick.prototxt",
     "cifar10_impact_scar_quick_iter_10000.caffemodel",
     "ref/cat",
     {{"prob", "prob"}}},
    {"fine_mapping",
     "caffe-hyperlpr-ssd",
     "HorizonalFinemapping.prototxt",
     "HorizonalFinemapping.caffemodel",
     "ref/finemapping",
     {{"dense", "relu4"}}},
    {"mtcnn_det1",
     "mxnet-caffe-mtcnn",
     "model/det1.prototxt",
     "model/det1.caffemodel",
     "ref/det1",
     {{"conv4-2", "conv4-2"}, {"prob1", "prob1"}}},
    {"mtcnn_det2",
     "mxnet-caffe-mtcnn",
     "model/det2.prototxt",
     "model/det2.caffemodel",
     "ref/det2",
     {{"conv5-2", "conv5-2"}, {"prob1", "prob1"}}},
};
INSTANTIATE_TEST_SUITE_P(Each, Recorded, testing::ValuesIn(kModels),
                         [](const auto& info) { return info.param.name; });

}  // namespace
