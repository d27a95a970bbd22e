// Every layer type: which nodes it becomes, with which attributes and shapes.
#include "import/caffe_support.h"
#include "tenfold/compile.h"

namespace tenfold::test {
namespace {

struct Case {
  std::string type, body, dims, ops, shape;
};

class CaffeLayer : public testing::TestWithParam<Case> {};

TEST_P(CaffeLayer, BecomesTheseNodes) {
  const Case& c = GetParam();
  const ImportedModel m = import_text(input(c.dims) + layer(c.type, c.body));
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_EQ(ops(m), c.ops);
  EXPECT_EQ(shape_of(m, "out"), c.shape);
  ASSERT_EQ(m.graph.outputs().size(), 1u);
  EXPECT_EQ(m.graph.outputs()[0].name, "out");
  EXPECT_EQ(node_of(m, "out").name, "l");
  for (const NodeId id : m.graph.order())
    EXPECT_EQ(m.graph.node(id).sources, std::vector<std::string>{"l"});
}

INSTANTIATE_TEST_SUITE_P(
    Table, CaffeLayer,
    testing::Values(
        Case{"AbsVal", "", "1,3,4,4", "Abs", "N,3,4,4"},
        Case{"ArgMax", "", "1,3,4,4", "Flatten ArgMax Cast Reshape", "N,1,1,1"},
        Case{"ArgMax", "argmax_param { out_max_val: true }", "1,9",
             "ArgMax ReduceMax Cast Concat Reshape", "N,2,1"},
        Case{"ArgMax", "argmax_param { top_k: 5 out_max_val: true }", "1,9",
             "Slice TopK Cast Sub Concat Reshape", "N,2,5"},
        Case{"ArgMax", "argmax_param { top_k: 2 axis: 1 }", "1,9,3", "Slice TopK Cast Sub",
             "N,2,3"},
        Case{"ArgMax", "argmax_param { axis: 1 }", "1,3,4,4", "ArgMax Cast", "N,1,4,4"},
        Case{"ArgMax", "argmax_param { axis: -1 out_max_val: true }", "1,3,4,4", "ReduceMax",
             "N,3,4,1"},
        Case{"BNLL", "", "1,5", "Softplus", "N,5"},
        Case{"BatchNorm", "", "1,3,4,4", "BatchNormalization", "N,3,4,4"},
        Case{"BatchNorm", "batch_norm_param { use_global_stats: false }", "1,3,4,4",
             "ReduceMean Sub Mul ReduceMean Add Sqrt Div", "N,3,4,4"},
        Case{"Bias", "", "1,3,4,4", "Add", "N,3,4,4"},
        Case{"Clip", "clip_param { min: -1 max: 2 }", "1,3", "Clip", "N,3"},
        Case{"ConvolutionDepthwise", "convolution_param { num_output: 6 kernel_size: 3 }",
             "1,6,8,8", "Conv", "N,6,6,6"},
        Case{"DepthwiseConvolution", "convolution_param { num_output: 6 kernel_size: 3 group: 6 }",
             "1,6,8,8", "Conv", "N,6,6,6"},
        Case{"Dropout", "", "1,3", "Dropout", "N,3"},
        Case{"ELU", "elu_param { alpha: 0.5 }", "1,3", "Elu", "N,3"},
        Case{"Eltwise", "", "1,3", "Identity", "N,3"},
        Case{"Eltwise", "eltwise_param { coeff: 20 }", "1,3", "Mul", "N,3"},
        Case{"Exp", "", "1,3", "Exp", "N,3"},
        Case{"Exp", "exp_param { base: 2 scale: 3 shift: 1 }", "1,3", "Mul Add Exp", "N,3"},
        Case{"Flatten", "", "1,3,4,5", "Flatten", "N,60"},
        Case{"Flatten", "flatten_param { axis: 1 end_axis: 2 }", "1,3,4,5", "Reshape", "N,12,5"},
        Case{"Flatten", "flatten_param { axis: -3 end_axis: -2 }", "1,3,4,5", "Reshape", "N,12,5"},
        Case{"InnerProduct", "inner_product_param { num_output: 7 }", "1,3,4,5", "Flatten Gemm",
             "N,7"},
        Case{"InnerProduct", "inner_product_param { num_output: 7 transpose: true }", "1,60",
             "Gemm", "N,7"},
        Case{"InnerProduct", "inner_product_param { num_output: 7 axis: 2 bias_term: false }",
             "1,3,4,5", "Flatten Gemm Reshape", "N,3,7"},
        Case{"LRN", "", "1,8,4,4", "LRN", "N,8,4,4"},
        Case{"LRN", "lrn_param { norm_region: WITHIN_CHANNEL local_size: 3 }", "1,8,4,4",
             "Mul AveragePool Mul Add Pow Mul", "N,8,4,4"},
        Case{"Log", "", "1,3", "Log", "N,3"},
        Case{"Log", "log_param { base: 10 }", "1,3", "Log Mul", "N,3"},
        Case{"MVN", "", "1,3,4,4", "ReduceMean Sub Mul ReduceMean Sqrt Add Div", "N,3,4,4"},
        Case{"PReLU", "", "1,3,4,4", "PRelu", "N,3,4,4"},
        Case{"PReLU", "prelu_param { channel_shared: true }", "1,3,4,4", "PRelu", "N,3,4,4"},
        Case{"Permute", "permute_param { order: 0 order: 2 order: 3 order: 1 }", "1,3,4,5",
             "Transpose", "N,4,5,3"},
        Case{"Permute", "permute_param { order: 0 order: 3 }", "1,3,4,5", "Transpose", "N,5,3,4"},
        Case{"Pooling", "pooling_param { pool: AVE global_pooling: true }", "1,3,4,5",
             "GlobalAveragePool", "N,3,1,1"},
        Case{"Pooling", "pooling_param { global_pooling: true }", "1,3,4,5", "GlobalMaxPool",
             "N,3,1,1"},
        Case{"Power", "", "1,3", "Identity", "N,3"},
        Case{"Power", "power_param { scale: 2 }", "1,3", "Mul", "N,3"},
        Case{"Power", "power_param { scale: 2 shift: 1 power: 3 }", "1,3", "Mul Add Pow", "N,3"},
        Case{"ReLU", "", "1,3", "Relu", "N,3"},
        Case{"ReLU", "relu_param { negative_slope: 0.1 }", "1,3", "LeakyRelu", "N,3"},
        Case{"ReLU6", "", "1,3", "Clip", "N,3"},
        Case{"Reduction", "reduction_param { axis: 1 }", "1,3,4", "ReduceSum", "N"},
        Case{"Reduction", "reduction_param { operation: SUMSQ axis: 2 coeff: 0.5 }", "1,3,4",
             "Mul ReduceSum Mul", "N,3"},
        Case{"Reduction", "reduction_param { operation: MEAN axis: -1 }", "1,3,4", "ReduceMean",
             "N,3"},
        Case{"Reshape", "reshape_param { shape { dim: 0 dim: -1 dim: 2 } }", "1,3,4,4", "Reshape",
             "N,24,2"},
        Case{"Reshape", "reshape_param { shape { dim: 2 dim: 8 } axis: 2 num_axes: 2 }", "1,3,4,4",
             "Reshape", "N,3,2,8"},
        Case{"Reshape", "reshape_param { shape { dim: 1 } axis: 1 num_axes: 0 }", "1,3,4",
             "Reshape", "N,1,3,4"},
        Case{"Reshape", "reshape_param { shape { dim: -1 dim: 2 } }", "1,6", "Reshape", "3*N,2"},
        Case{"Scale", "scale_param { bias_term: true }", "1,3,4,4", "Mul Add", "N,3,4,4"},
        Case{"Scale", "scale_param { axis: 1 num_axes: -1 }", "1,3,4,4", "Mul", "N,3,4,4"},
        Case{"Scale", "scale_param { num_axes: 0 }", "1,3,4,4", "Mul", "N,3,4,4"},
        Case{"Sigmoid", "", "1,3", "Sigmoid", "N,3"},
        Case{"SigmoidCrossEntropyLoss", "", "1,3", "Sigmoid", "N,3"},
        Case{"Softmax", "", "1,3,4", "Softmax", "N,3,4"},
        Case{"SoftmaxWithLoss", "", "1,3,4", "Softmax", "N,3,4"},
        Case{"Swish", "", "1,3", "Sigmoid Mul", "N,3"}, Case{"TanH", "", "1,3", "Tanh", "N,3"},
        Case{"Threshold", "threshold_param { threshold: 0.5 }", "1,3", "Greater Cast", "N,3"},
        Case{"Tile", "tile_param { axis: 2 tiles: 3 }", "1,3,4", "Concat", "N,3,12"},
        Case{"Tile", "tile_param { axis: -1 tiles: 4096 }", "1,3,4", "Tile", "N,3,16384"}));

TEST(CaffeLayerDetails, DepthwiseTakesItsGroupFromTheInput) {
  const ImportedModel m =
      import_text(input("1,6,8,8") + layer("ConvolutionDepthwise",
                                           "convolution_param { num_output: 6 kernel_size: 3 }"));
  EXPECT_EQ(node_of(m, "out").attrs.i("group", 0), 6);
}

TEST(CaffeLayerDetails, AReshapeThatDoesNotDivideIsAMistake) {
  const ImportedModel m = import_text(
      input("1,3,8,8") + layer("Reshape", "reshape_param { shape { dim: 0 dim: 7 dim: -1 } }"));
  EXPECT_TRUE(says(m, Severity::kError, {"192", "7"})) << report(m);
  EXPECT_EQ(m.diagnostics.worst(), Code::kInvalid);
}

TEST(CaffeLayerDetails, LrnDefaultsAreCaffes) {
  const ImportedModel m = import_text(input("1,8,4,4") + layer("LRN"));
  const Attrs& attrs = node_of(m, "out").attrs;
  EXPECT_EQ(attrs.i("size", 0), 5);
  EXPECT_EQ(attrs.f("alpha", 0), 1);
  EXPECT_EQ(attrs.f("beta", 0), 0.75);
  EXPECT_EQ(attrs.f("bias", 0), 1);
}

TEST(CaffeLayerDetails, SeveralBottoms) {
  const std::string two =
      input("1,4,4,4") + "layer { name: 'a' type: 'ReLU' bottom: 'data' top: 'a' }\n";
  auto with = [&](const std::string& type, const std::string& body) {
    return import_text(two + "layer { name: 'l' type: '" + type +
                       "' bottom: 'data' bottom: 'a' bottom: 'data' top: 'out' " + body + "}");
  };
  EXPECT_EQ(ops(with("Eltwise", "")), "Relu Add Add");
  EXPECT_EQ(ops(with("Eltwise", "eltwise_param { operation: MAX }")), "Relu Max Max");
  EXPECT_EQ(ops(with("Eltwise", "eltwise_param { coeff: 1 coeff: -1 coeff: 0.5 }")),
            "Relu Mul Add Mul Add");
  EXPECT_TRUE(with("Eltwise", "eltwise_param { coeff: 1 coeff: -1 }").failed);
  EXPECT_TRUE(
      with("Eltwise", "eltwise_param { operation: PROD coeff: 1 coeff: 1 coeff: 1 }").failed);
  EXPECT_EQ(shape_of(with("Concat", ""), "out"), "N,12,4,4");
  EXPECT_EQ(shape_of(with("Concat", "concat_param { axis: -1 }"), "out"), "N,4,4,12");
  EXPECT_EQ(shape_of(with("Concat", "concat_param { concat_dim: 2 }"), "out"), "N,4,12,4");
}

TEST(CaffeLayerDetails, ScaleByTheSecondBottom) {
  const std::string text =
      input("1,4,5,6") +
      "layer { name: 'p' type: 'Pooling' bottom: 'data' top: 'p' pooling_param "
      "{ pool: AVE global_pooling: true } }\n"
      "layer { name: 'f' type: 'Flatten' bottom: 'p' top: 'f' }\n"
      "layer { name: 'l' type: 'Scale' bottom: 'data' bottom: 'f' top: 'out' "
      "scale_param { axis: 0 } }\n";
  const ImportedModel m = import_text(text);
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_EQ(ops(m), "GlobalAveragePool Flatten Reshape Mul");
  EXPECT_EQ(shape_of(m, "out"), "N,4,5,6");
}

TEST(CaffeLayerDetails, SliceAndSplit) {
  auto make = [&](const std::string& type, const std::string& body) {
    return import_text(input("1,9,4,4") + "layer { name: 'l' type: '" + type +
                       "' bottom: 'data' top: 'x' top: 'y' top: 'z' " + body + "}");
  };
  const ImportedModel even = make("Slice", "");
  EXPECT_EQ(shape_of(even, "z"), "N,3,4,4");
  EXPECT_EQ(even.graph.outputs().size(), 3u);
  const ImportedModel points = make("Slice", "slice_param { slice_point: 1 slice_point: 5 }");
  EXPECT_EQ(shape_of(points, "x") + " " + shape_of(points, "y") + " " + shape_of(points, "z"),
            "N,1,4,4 N,4,4,4 N,4,4,4");
  EXPECT_TRUE(make("Slice", "slice_param { axis: 2 }").failed);
  EXPECT_TRUE(make("Slice", "slice_param { slice_point: 5 slice_point: 1 }").failed);
  EXPECT_TRUE(make("Slice", "slice_param { slice_point: 5 }").failed);
  EXPECT_EQ(ops(make("Split", "")), "Identity Identity Identity");
}

TEST(CaffeLayerDetails, Crop) {
  const std::string text =
      input("1,4,9,9") +
      "layer { name: 'c' type: 'Convolution' bottom: 'data' top: 'c' convolution_param { "
      "num_output: "
      "4 kernel_size: 5 } }\n"
      "layer { name: 'l' type: 'Crop' bottom: 'data' bottom: 'c' top: 'out' crop_param { axis: 2 "
      "offset: 1 offset: 3 } }\n";
  const ImportedModel m = import_text(text);
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_EQ(shape_of(m, "out"), "N,4,5,5");
  EXPECT_EQ(node_of(m, "out").attrs.ints("starts"), (std::vector<int64_t>{1, 3}));
}

TEST(CaffeLayerDetails, ArgMaxOfMoreThanThereIs) {
  const ImportedModel m = import_text(input("1,4") + layer("ArgMax", "argmax_param { top_k: 5 }"));
  EXPECT_TRUE(says(m, Severity::kError, {"top_k: 5 of 4"}));
  EXPECT_TRUE(import_text(input("1,4") + layer("ArgMax", "argmax_param { top_k: 0 }")).failed);
}

// Of equal elements Caffe counts the last one first.
TEST(CaffeLayerDetails, ArgMaxOfEquals) {
  Tensor x(DType::kF32, {2, 5});
  const std::vector<float> given{3, 7, 1, 7, 3, 0, 0, 0, 0, 0};
  std::copy(given.begin(), given.end(), x.as_mutable<float>().begin());
  const auto answer = [&](const std::string& body) {
    const ImportedModel m = import_text(input("1,5") + layer("ArgMax", body));
    EXPECT_FALSE(m.failed) << report(m);
    const Tensor y = evaluate_reference(m.graph, {{"data", x}}).at(0);
    std::vector<double> values;
    for (int64_t k = 0; k < y.count(); ++k) values.push_back(y.at(k));
    return values;
  };
  using Values = std::vector<double>;
  EXPECT_EQ(answer(""), (Values{3, 4}));
  EXPECT_EQ(answer("argmax_param { axis: 1 }"), (Values{3, 4}));
  EXPECT_EQ(answer("argmax_param { top_k: 3 }"), (Values{3, 1, 4, 4, 3, 2}));
  EXPECT_EQ(answer("argmax_param { top_k: 2 out_max_val: true }"),
            (Values{3, 1, 7, 7, 4, 3, 0, 0}));
  EXPECT_EQ(answer("argmax_param { top_k: 2 axis: 1 out_max_val: true }"), (Values{7, 7, 0, 0}));
}

TEST(CaffeLayerDetails, SizesBeyondAnyPicture) {
  EXPECT_TRUE(
      says(import_text(input("1,3,4,4") + layer("LRN", "lrn_param { local_size: 4294967295 }")),
           Severity::kError, {"'l'", "local_size: 4294967295"}));
  EXPECT_TRUE(
      says(import_text(input("1,3,4,4") +
                       layer("Pooling", "pooling_param { kernel_size: 2 stride: 4294967295 }")),
           Severity::kError, {"'l'", "stride: 4294967295"}));
}

TEST(CaffeLayerDetails, ReshapeErrors) {
  for (const std::string shape : {"dim: 0 dim: 7", "dim: 0 dim: -1 dim: -1", "dim: 0 dim: -2",
                                  "dim: 0 dim: 3 dim: 2 dim: 0", "dim: 0 dim: -1 dim: 0"}) {
    EXPECT_TRUE(
        import_text(input("1,6") + layer("Reshape", "reshape_param { shape {" + shape + "} }"))
            .failed)
        << shape;
  }
}

TEST(CaffeLayerDetails, ReshapeBesideAnAxisThatTheBatchMakesEmpty) {
  const ImportedModel m = import_text(
      input("1,3,8,8") +
      "layer { name: 'p' type: 'Permute' bottom: 'data' top: 'p' permute_param { order: 1 order: 2 "
      "order: 0 order: 3 } }\n"
      "layer { name: 'c' type: 'Convolution' bottom: 'p' top: 'c' convolution_param { num_output: "
      "4 "
      "kernel_size: 3 stride: 2 } }\n"
      "layer { name: 'r' type: 'Reshape' bottom: 'c' top: 'r' reshape_param { shape { dim: 0 dim: "
      "0 "
      "dim: 0 dim: -1 } } }\n");
  EXPECT_TRUE(m.failed);
}

TEST(CaffeLayerDetails, TypesAreListed) {
  const std::vector<std::string> types = caffe_layer_types();
  EXPECT_GE(types.size(), 50u);
  for (const char* type : {"Input", "Convolution", "SoftmaxWithLoss", "Accuracy", "Silence"})
    EXPECT_TRUE(std::find(types.begin(), types.end(), type) != types.end()) << type;
}

}  // namespace
}  // namespace tenfold::test
