// Real models and prototxts, where the shared folder is at hand.
#include <cstdio>
#include <filesystem>
#include <set>

#include "import/caffe_support.h"
#include "tenfold/io.h"

namespace tenfold::test {
namespace {

namespace fs = std::filesystem;

const std::string kModels = std::string(TENFOLD_SHARED_DIR) + "/models/";

#define NEED(path) \
  if (!fs::exists(path)) GTEST_SKIP() << (path) << " is not at hand"

struct Model {
  std::string prototxt, caffemodel, outputs;
};

class SharedModel : public testing::TestWithParam<Model> {};

TEST_P(SharedModel, Imports) {
  const Model& model = GetParam();
  NEED(kModels + model.prototxt);
  const ImportedModel m = import_model({kModels + model.prototxt, kModels + model.caffemodel});
  ASSERT_FALSE(m.failed) << report(m);
  std::string outputs;
  for (const GraphOutput& output : m.graph.outputs())
    outputs += output.name + "[" + str(m.graph.type(output.value).shape) + "]";
  EXPECT_EQ(outputs, model.outputs);
  const std::string text = print(m.graph);  // names of all kinds survive the text form
  const Graph again = parse_graph(text, [&](const std::string& name, const Type&) {
    return m.graph.constant_of(*m.graph.find_value(name))->source;
  });
  EXPECT_EQ(print(again), text);
}

INSTANTIATE_TEST_SUITE_P(
    All, SharedModel,
    testing::Values(
        Model{"caffe-cifar10-quick-scar/cifar10_quick.prototxt",
              "caffe-cifar10-quick-scar/cifar10_impact_scar_quick_iter_10000.caffemodel",
              "prob[N,3]"},
        Model{"caffe-hyperlpr-ssd/HorizonalFinemapping.prototxt",
              "caffe-hyperlpr-ssd/HorizonalFinemapping.caffemodel", "dense[N,2]"},
        Model{"caffe-wechat-qrcode/sr.prototxt", "caffe-wechat-qrcode/sr.caffemodel",
              "fc[N,1,447,447]"},
        Model{"xfw-samplenet/test_models/SampLeNet.prototxt",
              "xfw-samplenet/test_models/SampLeNet.caffemodel", "fc3[N,10]"},
        Model{"xfw-ultraface/RFB-320.prototxt", "xfw-ultraface/RFB-320.caffemodel",
              "boxes[1,4420,4]scores[1,4420,2]"},
        Model{"mxnet-caffe-mtcnn/model/det1.prototxt", "mxnet-caffe-mtcnn/model/det1.caffemodel",
              "conv4-2[N,4,1,1]prob1[N,2,1,1]"},
        Model{"mxnet-caffe-mtcnn/model/det2.prototxt", "mxnet-caffe-mtcnn/model/det2.caffemodel",
              "conv5-2[N,4]prob1[N,2]"}));

TEST(SharedModels, SsdNamesEveryLayerThatIsMissing) {
  const std::string base = kModels + "caffe-wechat-qrcode/detect";
  NEED(base + ".prototxt");
  const ImportedModel m = import_model({base + ".prototxt", base + ".caffemodel"});
  EXPECT_EQ(m.diagnostics.error_count(), 6u) << report(m);
  EXPECT_EQ(m.diagnostics.worst(), Code::kUnsupported);
  EXPECT_TRUE(
      says(m, Severity::kError, {"detect.prototxt:2697", "'detection_output'", "DetectionOutput"}));
}

TEST(SharedModels, TheMeanOfCifar) {
  const std::string path = kModels + "caffe-cifar10-quick-scar/mean.binaryproto";
  NEED(path);
  EXPECT_EQ(read_mean_file(path).dims(), (Extents{3, 32, 32}));
}

TEST(SharedModels, DigitsExportWithoutWeights) {
  const std::string path = kModels + "digits-exports/cnn-lab/pre-trained";
  NEED(path);
  ImportOptions options;
  options.random_weights = true;
  options.mean = "pixel";  // the mean file is compressed there
  EXPECT_TRUE(says(import_model({path}, options), Severity::kError, {"no mean file"}));
  options.mean = "104,117,123";
  const ImportedModel m = import_model({path}, options);
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_EQ(m.graph.type(m.graph.inputs()[0]).str(), "u8[N,256,256,3]");
  EXPECT_EQ(m.labels.size(), 10u);
}

// Every prototxt of the zoo imports or says what it lacks; what stands in the way is of known
// kinds.
TEST(SharedModels, ThePrototxtZoo) {
  const std::string path = kModels + "prototxt-zoo.tar.xz";
  NEED(path);
  int imported = 0, refused = 0, other = 0;
  std::set<std::string> unexpected;
  ImportOptions options;
  options.raw_input = true;
  for (auto& [name, bytes] : read_archive(path)) {
    if (name.size() < 9 || name.substr(name.size() - 9) != ".prototxt") continue;
    if (bytes.find("layer") == std::string::npos) {
      ++other;  // solvers and label maps
      EXPECT_TRUE(import_model_memory({{name, bytes}}, options).failed) << name;
      continue;
    }
    const ImportedModel m = import_model_memory({{name, bytes}}, options);
    bool whole = true;  // but for the weights, which nobody has
    for (const Diagnostic& d : m.diagnostics.all()) {
      if (d.severity != Severity::kError) continue;
      if (d.reason.rfind("there are no trained weights", 0) == 0) continue;
      whole = false;
      EXPECT_EQ(d.file, name);
      bool known = false;
      for (const char* part :
           {"unknown layer type", "does not tell the shape", "is made by no earlier layer",
            "Expected integer", "the text holds no layers", "with the positions of the maxima"})
        known |= d.reason.find(part) != std::string::npos;
      if (!known) unexpected.insert(d.str());
    }
    ++(whole ? imported : refused);
  }
  std::string list;
  for (const std::string& line : unexpected) list += line + "\n";
  EXPECT_TRUE(unexpected.empty()) << list;
  EXPECT_GE(imported, 180) << refused << " refused, " << other << " others";
  RecordProperty("imported", imported);
  RecordProperty("refused", refused);
  printf("%d imported, %d refused, %d others\n", imported, refused, other);
}

}  // namespace
}  // namespace tenfold::test
