// Trained weights: found by layer name, of every form, and what is wrong with them.
#include "import/caffe_support.h"

namespace tenfold::test {
namespace {

const char* kWeights =
    "layer { name: 'c' type: 'Convolution' blobs { shape { dim: 2 dim: 3 dim: 1 dim: 1 } data: 1 "
    "data: 2 "
    "data: 3 data: 4 data: 5 data: 6 } blobs { shape { dim: 2 } data: 7 data: 8 } }\n";

TEST(CaffeWeights, WeightsAreFoundByLayerName) {
  const ImportedModel m = import_text_with(input("1,3,4,4") + conv("c", "data"), kWeights);
  ASSERT_FALSE(m.failed) << report(m);
  const Node& node = node_of(m, "c");
  const Constant* weight = m.graph.constant_of(node.inputs[1]);
  ASSERT_TRUE(weight);
  EXPECT_EQ(weight->source.at(5), 6);
  EXPECT_EQ(m.graph.constant_of(node.inputs[2])->source.at(1), 8);
}

// A network of pooling alone has no weights: a file that holds none is no reason to refuse it.
TEST(CaffeWeights, FilesWithoutLayers) {
  const std::string pool = input("1,3,4,4") +
                           "layer { name: 'p' type: 'Pooling' bottom: 'data' top: 'p' "
                           "pooling_param { kernel_size: 2 } }";
  for (const char* blobs : {"", "name: 'net'"}) {
    const ImportedModel m = import_text_with(pool, blobs);
    EXPECT_FALSE(m.failed) << report(m);
    EXPECT_TRUE(says(m, Severity::kWarning, {"weights"})) << report(m);
    const ImportedModel lacks = import_text_with(input("1,3,4,4") + conv("c", "data"), blobs);
    EXPECT_TRUE(says(lacks, Severity::kError, {"lacks trained weights", "c"})) << report(lacks);
  }
}

TEST(CaffeWeights, WeightsOfLegacyShape) {
  const std::string net = input("1,3") +
                          "layer { name: 'ip' type: 'InnerProduct' bottom: 'data' top: 'ip' "
                          "inner_product_param { num_output: 2 } }\n";
  const std::string blobs =
      "layers { name: 'ip' type: INNER_PRODUCT blobs { num: 1 channels: 1 height: 2 width: 3 data: "
      "[1, 2, "
      "3, 4, 5, 6] } blobs { num: 1 channels: 1 height: 1 width: 2 data: [7, 8] } }";
  const ImportedModel m = import_text_with(net, blobs);
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_EQ(str(m.graph.type(node_of(m, "ip").inputs[1]).shape), "2,3");
}

TEST(CaffeWeights, WeightsInHalfPrecisionAndDouble) {
  const std::string net = input("1,3,4,4") + conv("c", "data");
  const std::string blobs =
      "layer { name: 'c' blobs { shape { dim: 2 dim: 3 dim: 1 dim: 1 } raw_data_type: FLOAT16 "
      "raw_data: "
      "'\\x00\\x3c\\x00\\x40\\x00\\x42\\x00\\x44\\x00\\x45\\x00\\xc6' } blobs { shape { dim: 2 } "
      "double_data: [0.5, 0.25] } }";
  const ImportedModel m = import_text_with(net, blobs);
  ASSERT_FALSE(m.failed) << report(m);
  const Node& node = node_of(m, "c");
  EXPECT_EQ(m.graph.constant_of(node.inputs[1])->source.at(1), 2);
  EXPECT_EQ(m.graph.constant_of(node.inputs[1])->source.at(5), -6);
  EXPECT_EQ(m.graph.constant_of(node.inputs[2])->source.at(1), 0.25);
}

TEST(CaffeWeights, WeightsThatDoNotFit) {
  const std::string net = input("1,3,4,4") + conv("c", "data");
  const ImportedModel shape = import_text_with(net,
                                               "layer { name: 'c' blobs { shape { dim: 3 dim: 2 "
                                               "dim: 1 dim: 1 } data: [1,2,3,4,5,6] } blobs { "
                                               "shape { dim: 2 } data: [1,2] } }");
  EXPECT_TRUE(says(shape, Severity::kError, {"'c'", "[3,2,1,1]", "[2,3,1,1]"})) << report(shape);
  const ImportedModel count =
      import_text_with(net,
                       "layer { name: 'c' blobs { shape { dim: 2 dim: 3 dim: 1 dim: 1 } data: "
                       "[1,2,3,4,5,6] } }");
  EXPECT_TRUE(says(count, Severity::kError, {"'c'", "blobs"})) << report(count);
  const ImportedModel more = import_text_with(
      input("1,3,4,4") +
          "layer { name: 'c' type: 'Convolution' bottom: 'data' top: 'c' convolution_param { "
          "num_output: 2 kernel_size: 1 bias_term: false } }",
      kWeights);
  EXPECT_TRUE(says(more, Severity::kError, {"has 2 blobs, the network needs 1"})) << report(more);
  const ImportedModel values = import_text_with(net,
                                                "layer { name: 'c' blobs { shape { dim: 2 dim: 3 "
                                                "dim: 1 dim: 1 } data: [1,2] } blobs { shape { "
                                                "dim: 2 } data: [1,2] } }");
  EXPECT_TRUE(says(values, Severity::kError, {"net.caffemodel", "'c'", "holds 2 values"}))
      << report(values);
}

// What does not fit in one layer hides nothing of the layers behind it.
TEST(CaffeWeights, EveryLayerThatDoesNotFitIsNamed) {
  const ImportedModel m = import_text_with(
      input("1,3,4,4") + conv("c", "data") + conv("d", "c") + conv("e", "d"),
      "layer { name: 'c' blobs { shape { dim: 3 } data: [1,2,3] } blobs { shape { dim: 1 } data: 1 "
      "} }\n"
      "layer { name: 'd' blobs { shape { dim: [2, 2, 1, 1] } data: [1,2,3,4] } }\n"
      "layer { name: 'e' blobs { shape { dim: 1 } data: 1 } blobs { shape { dim: 2 } data: [1,2] } "
      "}\n");
  EXPECT_TRUE(says(m, Severity::kError, {"'c'", "blob 0", "[3]", "[2,3,1,1]"})) << report(m);
  EXPECT_TRUE(says(m, Severity::kError, {"'c'", "blob 1", "[1]", "[2]"})) << report(m);
  EXPECT_TRUE(says(m, Severity::kError, {"'d'", "has 1 blobs, the network needs 2"})) << report(m);
  EXPECT_TRUE(says(m, Severity::kError, {"'e'", "blob 0"})) << report(m);
  EXPECT_EQ(m.diagnostics.error_count(), 4u) << report(m);
}

// Two layers share 'w': Caffe copies each one's blob from the file into one place.
TEST(CaffeWeights, OfSharersTheLastInTheFileCounts) {
  const auto dense = [](const std::string& name, const std::string& bottom,
                        const std::string& more = "") {
    return "layer { name: '" + name + "' type: 'InnerProduct' bottom: '" + bottom + "' top: '" +
           name + "' param { name: 'w' " + more +
           "} inner_product_param { num_output: 2 bias_term: false } }\n";
  };
  const auto blob = [](const std::string& name, const std::string& values) {
    return "layer { name: '" + name + "' blobs { shape { dim: [2, 2] } data: [" + values +
           "] } }\n";
  };
  const std::string net = input("1,2") + dense("a", "data") + dense("b", "a");
  for (const auto& [file, last] :
       {std::pair{blob("a", "1,2,3,4") + blob("b", "5,6,7,8"), 8},
        std::pair{blob("b", "5,6,7,8") + blob("a", "1,2,3,4"), 4},
        std::pair{blob("b", "5,6,7,8"), 8}, std::pair{blob("a", "1,2,3,4"), 4}}) {
    const ImportedModel m = import_text_with(net, file);
    ASSERT_FALSE(m.failed) << report(m);
    for (const char* layer : {"a", "b"})
      EXPECT_EQ(m.graph.constant_of(node_of(m, layer).inputs[1])->source.at(3), last) << file;
  }
  // Also of one layer that the file holds twice.
  const ImportedModel twice =
      import_text_with(net, blob("a", "1,2,3,4") + blob("a", "9,9,9,9") + "layer { name: 'a' }");
  EXPECT_EQ(twice.graph.constant_of(node_of(twice, "a").inputs[1])->source.at(3), 9);
  EXPECT_TRUE(says(twice, Severity::kWarning, {"'a'", "the last one counts"})) << report(twice);
  const ImportedModel wrong =
      import_text_with(net, blob("a", "1,2,3,4") +
                                "layer { name: 'b' blobs { shape { dim: [1, 2] } data: [1, 2] } }");
  EXPECT_TRUE(says(wrong, Severity::kError, {"'a'", "blob 0 of layer 'b', which shares"}))
      << report(wrong);
  const ImportedModel none = import_text_with(net, "name: 'x'");
  EXPECT_TRUE(says(none, Severity::kError, {"2 layers: a (line 2), b (line 3)"})) << report(none);
}

TEST(CaffeWeights, SharersHaveOneShape) {
  const auto layers = [](const std::string& mode) {
    return input("1,3,1,1") +
           "layer { name: 'c' type: 'Convolution' bottom: 'data' top: 'c' param { name: 'w' } "
           "convolution_param { num_output: 2 kernel_size: 1 bias_term: false } }\n"
           "layer { name: 'd' type: 'InnerProduct' bottom: 'data' top: 'd' param { name: 'w' " +
           mode + "} inner_product_param { num_output: 2 bias_term: false } }\n";
  };
  const std::string blobs =
      "layer { name: 'c' blobs { shape { dim: [2, 3, 1, 1] } data: [1,2,3,4,5,6] } }";
  const ImportedModel strict = import_text_with(layers(""), blobs);
  EXPECT_TRUE(says(strict, Severity::kError, {"'d'", "'w'", "[2,3]", "[2,3,1,1]", "PERMISSIVE"}))
      << report(strict);
  const ImportedModel loose = import_text_with(layers("share_mode: PERMISSIVE "), blobs);
  EXPECT_FALSE(loose.failed) << report(loose);
  // The sharer alone says so, and its own blob has its own shape.
  const ImportedModel both = import_text_with(
      layers("share_mode: PERMISSIVE "),
      blobs + "layer { name: 'd' blobs { shape { dim: [2, 3] } data: [6,5,4,3,2,1] } }");
  EXPECT_FALSE(both.failed) << report(both);
}

TEST(CaffeWeights, ValuesThatAreNoNumbersAreSaid) {
  const ImportedModel m = import_text_with(input("1,3,4,4") + conv("c", "data"),
                                           "layer { name: 'c' blobs { shape { dim: 2 dim: 3 dim: "
                                           "1 dim: 1 } data: [1,nan,3,4,inf,6] } blobs { shape { "
                                           "dim: 2 } data: [1,2] } }");
  EXPECT_FALSE(m.failed) << report(m);
  EXPECT_TRUE(
      says(m, Severity::kWarning, {"net.caffemodel", "'c'", "blob 0: 2 of 6 values are NaN"}))
      << report(m);
}

TEST(CaffeWeights, MissingAndExtraWeights) {
  const std::string net = input("1,3,4,4") + conv("c", "data") + conv("d", "c") + conv("e", "d");
  const ImportedModel m = import_text_with(net, kWeights);
  EXPECT_TRUE(says(m, Severity::kError, {"net.caffemodel", "2 layers: d (line 3), e (line 4)"}))
      << report(m);
  ImportOptions random;
  random.random_weights = true;
  EXPECT_FALSE(import_text_with(net, kWeights, random).failed);
  const ImportedModel extra = import_text_with(
      input("1,3,4,4") + conv("c", "data"),
      std::string(kWeights) + "layer { name: 'aux' blobs { shape { dim: 1 } data: 1 } }");
  EXPECT_FALSE(extra.failed);
  EXPECT_TRUE(says(extra, Severity::kNote, {"1 trained layer", "aux"})) << report(extra);
  ImportOptions raw;
  raw.raw_input = true;
  const ImportedModel none = import_model_memory({{"net.prototxt", net}}, raw);
  EXPECT_TRUE(says(none, Severity::kError,
                   {"net.prototxt", "3 layers: c (line 2), d (line 3), e (line 4)"}))
      << report(none);
}

TEST(CaffeWeights, SharedParameters) {
  const std::string net = input("1,3,4,4") +
                          conv("c", "data", "param { name: 'w' } param { name: 'b' }") +
                          conv("d", "data", "param { name: 'w' } param { name: 'b' }");
  const ImportedModel m = import_text_with(net, kWeights);
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_EQ(m.graph.constant_of(node_of(m, "d").inputs[1])->source.at(5), 6);
}

TEST(CaffeWeights, BatchNormDividesByItsFactor) {
  const std::string blobs =
      "layer { name: 'l' blobs { shape { dim: 2 } data: [4, 8] } blobs { shape { dim: 2 } data: "
      "[2, 6] } "
      "blobs { shape { dim: 1 } data: 2 } }";
  const ImportedModel m = import_text_with(input("1,2,4,4") + layer("BatchNorm"), blobs);
  ASSERT_FALSE(m.failed) << report(m);
  const Node& node = node_of(m, "out");
  EXPECT_EQ(m.graph.constant_of(node.inputs[3])->source.at(1), 4);
  EXPECT_EQ(m.graph.constant_of(node.inputs[4])->source.at(1), 3);
  const std::string five =
      "layer { name: 'l' blobs { shape { dim: 2 } data: [4, 8] } blobs { shape { dim: 2 } data: "
      "[2, 6] } "
      "blobs { shape { dim: 1 } data: 1 } blobs { shape { dim: 2 } data: [10, 11] } blobs { shape "
      "{ dim: 2 "
      "} data: [20, 21] } }";
  const ImportedModel fork = import_text_with(input("1,2,4,4") + layer("BatchNorm"), five);
  ASSERT_FALSE(fork.failed) << report(fork);
  EXPECT_EQ(fork.graph.constant_of(node_of(fork, "out").inputs[1])->source.at(1), 11);
  EXPECT_EQ(fork.graph.constant_of(node_of(fork, "out").inputs[2])->source.at(0), 20);
}

TEST(CaffeWeights, RandomWeightsAreTheSameEveryTime) {
  const std::string net = input("1,3,4,4") + conv("c", "data");
  const ImportedModel a = import_text(net), b = import_text(net);
  const Tensor x = a.graph.constant_of(node_of(a, "c").inputs[1])->source;
  const Tensor y = b.graph.constant_of(node_of(b, "c").inputs[1])->source;
  for (int64_t k = 0; k < x.count(); ++k) EXPECT_EQ(x.at(k), y.at(k));
}

TEST(CaffeWeights, DamagedWeightsNameTheOffset) {
  std::string bytes = caffemodel(kWeights);
  bytes.resize(bytes.size() - 3);
  ImportOptions raw;
  raw.raw_input = true;
  const ImportedModel m = import_model_memory(
      {{"net.caffemodel", bytes}, {"net.prototxt", input("1,3,4,4") + conv("c", "data")}}, raw);
  EXPECT_TRUE(m.failed);
  bool found = false;
  for (const Diagnostic& d : m.diagnostics.all())
    found |= d.offset >= 0 && d.file == "net.caffemodel";
  EXPECT_TRUE(found) << report(m);
  EXPECT_EQ(m.diagnostics.worst(), Code::kInvalid);
}

TEST(CaffeWeights, TextInPlaceOfWeights) {
  const std::string net = input("1,3,4,4") + conv("c", "data");
  for (const std::string text : {"version https://git-lfs.github.com/spec/v1\n", "<html>"}) {
    const ImportedModel m =
        import_model_memory({{"net.prototxt", net}, {"net.caffemodel", text}}, {});
    EXPECT_TRUE(says(m, Severity::kError, {"net.caffemodel"})) << report(m);
  }
}

// A layer that is unknown does not hide what is wrong with the weights of those behind it.
TEST(CaffeWeights, AreExaminedBehindLayersThatAreUnknown) {
  const std::string net =
      input("1,3,2,2") + conv("c", "data") +
      "layer { name: 'u' type: 'Rleu' bottom: 'c' top: 'u' }\n"
      "layer { name: 'ip' type: 'InnerProduct' bottom: 'u' top: 'ip' inner_product_param { "
      "num_output: 5 } }\n"
      "layer { name: 'three' type: 'Convolution' bottom: 'u' top: 'three' convolution_param { "
      "num_output: 2 kernel_size: 1 bias_term: false } }\n" +
      conv("d", "u");
  const std::string c =
      "layer { name: 'c' blobs { shape { dim: [2, 3, 1, 1] } data: [1, 0, 0, 0, 0, 1] } "
      "blobs { shape { dim: 2 } data: [0, 0] } } ";
  const ImportedModel lacking = import_text_with(net, c);
  EXPECT_TRUE(says(lacking, Severity::kError, {"'u'", "Rleu"})) << report(lacking);
  EXPECT_TRUE(
      says(lacking, Severity::kError, {"3 layers", "ip (line 4), three (line 5), d (line 6)"}))
      << report(lacking);
  EXPECT_EQ(lacking.diagnostics.worst(), Code::kInvalid);
  const ImportedModel other = import_text_with(
      net, c + "layer { name: 'ip' blobs { shape { dim: [7, 1] } data: [1, 1, 1, 1, 1, 1, 1] } } "
               "layer { name: 'three' blobs { shape { dim: [2, 1, 1, 1, 1] } data: [1, 1] } } "
               "layer { name: 'd' blobs { shape { dim: [2, 1, 1, 1] } data: [1, 1] } "
               "blobs { shape { dim: 3 } data: [0, 0, 0] } }");
  EXPECT_TRUE(says(other, Severity::kError, {"'ip'", "has 1 blobs", "needs 2"})) << report(other);
  EXPECT_TRUE(says(other, Severity::kError, {"'ip'", "[7,1]", "5 outputs"})) << report(other);
  EXPECT_TRUE(says(other, Severity::kError, {"'d'", "blob 1", "[3]", "2 outputs"}));
  EXPECT_EQ(other.diagnostics.error_count(), 4u) << report(other);
}

}  // namespace
}  // namespace tenfold::test
