// Texts: syntax errors, unknown fields, old forms, hostile nesting.
#include "import/caffe_support.h"

namespace tenfold::test {
namespace {

TEST(CaffeText, SyntaxErrorsNameTheLine) {
  const ImportedModel m = import_text("name: 'x'\nlayer {\n  name: 'a'\n  type: }\n");
  EXPECT_TRUE(m.failed);
  EXPECT_TRUE(says(m, Severity::kError, {"net.prototxt:4"})) << report(m);
  EXPECT_EQ(m.diagnostics.worst(), Code::kInvalid);
}

// A value that no parser takes is one problem of the file, and hides no other.
TEST(CaffeText, WrongValuesHideNothing) {
  const ImportedModel m = import_text(
      input("1,3,9,9") +
      "layer { name: 'a' type: 'Pooling' bottom: 'data' top: 'a'\n"
      "\tpooling_param { kernel_size: 2 pool: MAXX } }\n"
      "layer { name: 'b' type: 'Convolution' bottom: 'a' top: 'b'\n"
      "  convolution_param { num_output: 3.5 kernel_size: -1 bias_term: maybe } }\n"
      "layer { name: 'c' type: 'Softmx' bottom: 'b' top: 'c' loss_weight: much }\n"
      "layer { name: 'd' type: 'InnerProduct' bottom: 'nowhere' top: 'd' inner_product_param {\n"
      "  num_output: } }\n"
      "layer { name: 'e' type: 'Power' bottom: 'data' top: 'e' power_param { scale: - twice } }\n"
      "force_backward: 7\n");
  EXPECT_EQ(m.diagnostics.worst(), Code::kInvalid);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"net.prototxt:3", "'a'", "column 46", "MAXX", "pool", "'MAX'"},
        {"net.prototxt:5", "'b'", "num_output", "3.5"},
        {"net.prototxt:5", "'b'", "kernel_size", "got: -1"},
        {"net.prototxt:5", "'b'", "bias_term", "maybe"},
        {"net.prototxt:6", "'c'", "loss_weight", "much"},
        {"net.prototxt:6", "'c'", "unknown layer type 'Softmx'", "'Softmax'"},
        {"net.prototxt:7", "'d'", "nowhere"},
        {"net.prototxt:8", "'d'", "num_output"},
        {"net.prototxt:9", "'e'", "scale", "twice"},
        {"net.prototxt:10", "force_backward"}})
    EXPECT_TRUE(says(m, Severity::kError, words)) << report(m);
  EXPECT_EQ(m.diagnostics.error_count(), 10u) << report(m);
}

// A slip of the syntax ends the report, which says so and keeps what came before.
TEST(CaffeText, SyntaxErrorsEndTheReport) {
  const ImportedModel m = import_text(
      "layer { name: 'a' type: 'Pooling' pooling_param { pool: MAXX } }\n"
      "layer { name 'b' }\n");
  EXPECT_TRUE(says(m, Severity::kError, {"net.prototxt:1", "MAXX"})) << report(m);
  EXPECT_TRUE(
      says(m, Severity::kError, {"net.prototxt:2", "the layers are examined once this is mended"}))
      << report(m);
}

TEST(CaffeText, UnknownFieldsAreLocatedWarnings) {
  const ImportedModel m = import_text(input("1,3,4,4") +
                                      "layer { name: 'l' type: 'ReLU' bottom: 'data' top: 'out'\n"
                                      "  visualize: true\n"
                                      "  strange_param { deep { deeper: 3 } list: [1, 2] } }\n");
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_TRUE(says(m, Severity::kWarning, {"net.prototxt:3", "visualize"})) << report(m);
  EXPECT_TRUE(says(m, Severity::kWarning, {"net.prototxt:4", "strange_param"})) << report(m);
}

// Fields of NVIDIA's and Intel's forks that choose kernels there say nothing here.
TEST(CaffeText, KernelChoicesOfForksAreRead) {
  const ImportedModel m = import_text(
      input("1,3,4,4") +
          "default_conv_algos_override: '-1,-1,-1'\n"
          "layer { name: 'l' type: 'Convolution' bottom: 'data' top: 'out' convolution_param {\n"
          "  num_output: 2 kernel_size: 1 engine: MKL2017 cudnn_convolution_algo_seeker: FINDEX } "
          "}\n",
      {.random_weights = true});
  EXPECT_FALSE(m.failed) << report(m);
}

TEST(CaffeText, MisspeltFieldsGetSuggestions) {
  const ImportedModel m = import_text(input("1,3,4,4") +
                                      "layer { name: 'l' type: 'ReLU' bottom: 'data' top: 'out'\n"
                                      "  relu_param { negative_slop: 0.1 } }\n");
  EXPECT_TRUE(says(m, Severity::kWarning,
                   {"net.prototxt:3", "'negative_slop'", "did you mean 'negative_slope'?"}) ||
              says(m, Severity::kWarning,
                   {"net.prototxt:3", "negative_slop", "did you mean 'negative_slope'?"}))
      << report(m);
  const ImportedModel parm = import_text(input("1,3,4,4") +
                                         "layer { name: 'l' type: 'ReLU' bottom: 'data' top: "
                                         "'out' relu_parm { negative_slope: 0.1 } }\n");
  EXPECT_TRUE(says(parm, Severity::kWarning, {"did you mean 'relu_param'?"})) << report(parm);
  const ImportedModel cut = import_text(input("1,3,4,4") + "layer { name: 'l' ");
  EXPECT_TRUE(says(cut, Severity::kError, {"got: the end of the file"})) << report(cut);
}

TEST(CaffeText, BothFormsOfLayersAreAMistake) {
  const ImportedModel m = import_text("layers { name: 'a' type: RELU bottom: 'data' top: 'a' }\n" +
                                      input("1,3,4,4") + layer("ReLU"));
  EXPECT_TRUE(says(m, Severity::kError, {"net.prototxt:1", "1 `layers` of the old form"}))
      << report(m);
}

TEST(CaffeText, OfAnotherKindOnlyThatIsSaid) {
  const ImportedModel m = import_text("net: 'train.prototxt'\nbase_lr: 0.1\nmomentum: 0.9\n");
  EXPECT_EQ(m.diagnostics.all().size(), 1u) << report(m);
  EXPECT_TRUE(says(m, Severity::kError, {"holds no layers", "solver"})) << report(m);
}

TEST(CaffeText, ByteOrderMarkAndCarriageReturns) {
  std::string text = input("1,3,4,4") + layer("ReLU");
  for (size_t at = 0; (at = text.find('\n', at)) != std::string::npos; at += 2)
    text.replace(at, 1, "\r\n");
  EXPECT_FALSE(import_text("\xEF\xBB\xBF" + text).failed);
}

// What is named a network is read as one, so that the message is about it.
TEST(CaffeText, TextThatIsNone) {
  const std::string net = input("1,3,4,4") + layer("ReLU");
  std::string wide("\xFF\xFE");
  for (const char ch : net) wide += {ch, '\0'};
  EXPECT_TRUE(says(import_model_memory({{"net.prototxt", wide}}), Severity::kError,
                   {"net.prototxt:1", "UTF-16"}));
  const ImportedModel m = import_model_memory({{"net.prototxt", net + '\0' + net}});
  EXPECT_TRUE(says(m, Severity::kError, {"net.prototxt:", "column"})) << report(m);
  EXPECT_FALSE(says(m, Severity::kError, {"no .prototxt"})) << report(m);
}

// Text format's other spellings: angle brackets, lists, strings in parts, numbers of enumerators.
TEST(CaffeText, Spellings) {
  const ImportedModel m = import_text(
      "input: 'da' \"ta\"\ninput_shape: < dim: [1, 0x3, 4, 04] >\n"
      "layer: { name: \"r\", type: 'ReLU'; bottom: ['data'], top: 'r' }\r"
      "layer < name: 'p' type: 'Pooling' bottom: 'r' top: 'p' pooling_param { pool: 1 "
      "kernel_size: 2 global_pooling: 0 stride: 2 } > # the end");
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_EQ(ops(m), "Relu AveragePool");
  EXPECT_EQ(shape_of(m, "p"), "N,3,2,2");
}

TEST(CaffeText, NestingIsLimited) {
  std::string text = "layer {";
  for (int k = 0; k < 1000000; ++k) text += "a {";
  EXPECT_TRUE(import_text(text).failed);
}

TEST(CaffeText, NoNetworkAtAll) {
  EXPECT_TRUE(says(import_text("base_lr: 0.1\nnet: 'x'\n"), Severity::kError, {"solver"}));
  EXPECT_TRUE(import_text("hello world").failed);
  EXPECT_TRUE(import_text(" ").failed);
  EXPECT_TRUE(import_text("").failed);
}

TEST(CaffeText, InputForms) {
  const std::string relu = "layer { name: 'l' type: 'ReLU' bottom: 'data' top: 'out' }\n";
  for (const std::string& head :
       {std::string("input: 'data' input_dim: 1 input_dim: 3 input_dim: 4 input_dim: 5\n"),
        std::string("input: 'data' input_shape { dim: 1 dim: 3 dim: 4 dim: 5 }\n"),
        std::string("input: 'data' input_shape { dim: [1, 3, 4, 5] }\n"), input("1,3,4,5")}) {
    const ImportedModel m = import_text(head + relu);
    ASSERT_FALSE(m.failed) << head << report(m);
    EXPECT_EQ(shape_of(m, "out"), "N,3,4,5");
  }
  for (const std::string& head :
       {std::string("input: 'data'\n"), std::string("input: 'data' input_dim: 1 input_dim: 3\n"),
        std::string("input: 'data' input_shape { dim: 1 dim: -3 }\n"),
        std::string("input: 'data' input_shape { dim: 1 dim: 9000000000 dim: 9000000000 }\n")})
    EXPECT_TRUE(import_text(head + relu).failed) << head;
}

TEST(CaffeText, V1NetworksAreUpgraded) {
  const ImportedModel m = import_text(
      "input: 'data' input_dim: 1 input_dim: 1 input_dim: 28 input_dim: 28\n"
      "layers { name: 'conv1' type: CONVOLUTION bottom: 'data' top: 'conv1' blobs_lr: 1 blobs_lr: "
      "2 "
      "convolution_param { num_output: 20 kernel_size: 5 } }\n"
      "layers { name: 'pool1' type: POOLING bottom: 'conv1' top: 'pool1' pooling_param { pool: MAX "
      "kernel_size: 2 stride: 2 } }\n"
      "layers { name: 'ip' type: INNER_PRODUCT bottom: 'pool1' top: 'ip' inner_product_param { "
      "num_output: "
      "10 } }\n"
      "layers { name: 'prob' type: SOFTMAX bottom: 'ip' top: 'prob' }\n"
      "layers { name: 'x' type: NONE bottom: 'ip' top: 'x' }\n");
  EXPECT_TRUE(says(m, Severity::kError, {"net.prototxt:6", "'x'"})) << report(m);
  EXPECT_EQ(m.diagnostics.error_count(), 1u);
}

TEST(CaffeText, V1TypesThatNobodyListsAreReportedAsLayers) {
  const std::string text =
      "input: 'data' input_dim: 1 input_dim: 1 input_dim: 8 input_dim: 8\n"
      "# type: CONVOLUTOIN is a slip\n"
      "layers { name: 'a' type: CONVOLUTOIN bottom: 'data' top: 'a' }\n"
      "layers { name: 'b' type :\tOWN_LAYER bottom: 'a' top: 'b' } layers { name: 'c' type: "
      "OWN_LAYER\n"
      "  bottom: 'b' top: 'c' }\n"
      "layers { name: 'd' type: RELU bottom: 'c' top: 'd' }\n";
  const ImportedModel m = import_text(text);
  EXPECT_EQ(m.diagnostics.error_count(), 3u) << report(m);
  EXPECT_TRUE(
      says(m, Severity::kError, {"net.prototxt:3", "'a'", "'CONVOLUTOIN'", "'Convolution'"}));
  EXPECT_TRUE(says(m, Severity::kError, {"net.prototxt:4", "'b'", "'OWN_LAYER'"})) << report(m);
  EXPECT_TRUE(says(m, Severity::kError, {"net.prototxt:4", "'c'", "'OWN_LAYER'"})) << report(m);
  EXPECT_EQ(m.diagnostics.worst(), Code::kUnsupported);
  const ImportedModel broken = import_text(text + "layers { name: 'e' type: POOLING bottom: }\n");
  EXPECT_TRUE(says(broken, Severity::kError, {"net.prototxt:7"})) << report(broken);
  EXPECT_TRUE(says(broken, Severity::kError, {"net.prototxt:3", "CONVOLUTOIN"})) << report(broken);
  EXPECT_EQ(broken.diagnostics.worst(), Code::kInvalid);
}

TEST(CaffeText, V0NetworksAreUpgraded) {
  const ImportedModel m = import_text(
      "input: 'data' input_dim: 1 input_dim: 3 input_dim: 13 input_dim: 13\n"
      "layers { layer { name: 'pad1' type: 'padding' pad: 2 } bottom: 'data' top: 'pad1' }\n"
      "layers { layer { name: 'conv1' type: 'conv' num_output: 4 kernelsize: 5 group: 1 stride: 1 "
      "} bottom: "
      "'pad1' top: 'conv1' }\n"
      "layers { layer { name: 'relu1' type: 'relu' } bottom: 'conv1' top: 'conv1' }\n"
      "layers { layer { name: 'pool1' type: 'pool' pool: MAX kernelsize: 3 stride: 2 } bottom: "
      "'conv1' top: "
      "'pool1' }\n"
      "layers { layer { name: 'norm1' type: 'lrn' local_size: 3 alpha: 0.1 } bottom: 'pool1' top: "
      "'norm1' }\n"
      "layers { layer { name: 'ip' type: 'innerproduct' num_output: 7 } bottom: 'norm1' top: 'ip' "
      "}\n"
      "layers { layer { name: 'prob' type: 'softmax' } bottom: 'ip' top: 'prob' }\n");
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_EQ(ops(m), "Conv Relu MaxPool LRN Flatten Gemm Softmax");
  EXPECT_EQ(shape_of(m, "conv1"), "N,4,13,13");
  EXPECT_EQ(shape_of(m, "prob"), "N,7");
}

TEST(CaffeText, HostileNumbers) {
  EXPECT_TRUE(import_text(input("1,3,4,4") +
                          layer("InnerProduct", "inner_product_param { num_output: 4294967295 }"))
                  .failed);
  EXPECT_TRUE(import_text(input("1,3,4,4") + layer("Convolution",
                                                   "convolution_param { num_output: "
                                                   "4000000000 kernel_size: 4 }"))
                  .failed);
  EXPECT_TRUE(
      import_text(input("1,3,4,4") + layer("Tile", "tile_param { tiles: 2000000000 }")).failed);
  EXPECT_TRUE(import_text(input("1,3,4,4") + layer("Scale", "scale_param { axis: 9 }")).failed);
  EXPECT_TRUE(
      import_text(input("1,3,4,4") + layer("Softmax", "softmax_param { axis: -9 }")).failed);
  EXPECT_TRUE(import_text(input("1,3,4,4") + "layer { name: 'l' type: 'ReLU' top: 'out' }").failed);
  EXPECT_TRUE(
      import_text(input("1,3,4,4") + "layer { name: 'l' type: 'ReLU' bottom: 'data' }").failed);
  EXPECT_TRUE(
      import_text("layer { name: 'a' type: 'ReLU' bottom: 'b' top: 'a' } layer { name: 'b' type: "
                  "'ReLU' bottom: 'a' top: 'b' }")
          .failed);
}

}  // namespace
}  // namespace tenfold::test
