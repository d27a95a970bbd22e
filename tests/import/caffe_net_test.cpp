// Networks as wholes: phases, in-place layers, outputs, batch size, weights, hooks, diagnostics.
#include <chrono>

#include "import/caffe_support.h"

namespace tenfold::test {
namespace {

TEST(CaffeNet, InPlaceLayersKeepTheLastValueUnderTheName) {
  const ImportedModel m = import_text(input("1,3,4,4") + conv("c", "data") + relu("r", "c"));
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_EQ(ops(m), "Conv Relu");
  EXPECT_EQ(node_of(m, "c").name, "r");
  EXPECT_EQ(m.graph.value(m.values.at("c")).name, "c");
  EXPECT_TRUE(m.graph.find_value("c.c"));
  ASSERT_EQ(m.graph.outputs().size(), 1u);
}

TEST(CaffeNet, InPlaceOnTheInput) {
  const ImportedModel m = import_text(input("1,3,4,4") + relu("r", "data") + conv("c", "data"));
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_EQ(m.graph.value(m.graph.inputs()[0]).name, "data");
  EXPECT_EQ(node_of(m, "data").op, "Relu");
}

TEST(CaffeNet, OutputsThatBearAnInputsNameAreCalledByTheirLayer) {
  const ImportedModel m = import_text(input("1,3,4,4") + relu("r", "data") + relu("r2", "data"));
  ASSERT_FALSE(m.failed) << report(m);
  ASSERT_EQ(m.graph.outputs().size(), 1u);
  EXPECT_EQ(m.graph.outputs()[0].name, "r2");
  EXPECT_EQ(node_of(m, "data").name, "r2");
  EXPECT_TRUE(says(m, Severity::kNote, {"'data'", "'r2'"}));
}

// The layer's name may be another output's.
TEST(CaffeNet, NamesThatAreTakenAreNotGivenAgain) {
  const ImportedModel m = import_text(
      input("1,3,4,4") + "layer { name: 'p' type: 'Sigmoid' bottom: 'data' top: 'y' }\n" +
      relu("y", "data"));
  ASSERT_FALSE(m.failed) << report(m);
  ASSERT_EQ(m.graph.outputs().size(), 2u);
  EXPECT_EQ(m.graph.outputs()[0].name, "y");
  EXPECT_EQ(m.graph.outputs()[1].name, "data.out");
}

TEST(CaffeNet, InputsThatNobodyReadsAreSaid) {
  const ImportedModel m = import_text("input: 'aux' input_shape { dim: 1 dim: 2 }\n" +
                                      input("1,3,4,4") + relu("r", "data"));
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_EQ(m.graph.inputs().size(), 1u);
  EXPECT_TRUE(says(m, Severity::kNote, {"'aux'", "no input"})) << report(m);
}

TEST(CaffeNet, InputsTakeTheStatedShape) {
  ImportOptions options;
  options.shapes = {{"data", {1, 3, 9, 7}}};
  const std::string net = input("1,3,4,4") + conv("c", "data");
  const ImportedModel m = import_text(net, options);
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_EQ(shape_of(m, "c"), "N,2,9,7");
  options.shapes = {{"dada", {1, 3, 9, 7}}};
  EXPECT_TRUE(says(import_text(net, options), Severity::kError, {"'dada'", "inputs: data"}));
  options.shapes = {{"data", {1, 3, -9, 7}}};
  EXPECT_TRUE(says(import_text(net, options), Severity::kError, {"dimension 2", "-9"}));
}

TEST(CaffeNet, SizesBeyondAnyMachineAreResources) {
  const ImportedModel m = import_text(
      input("1,3,8,8") +
      "layer { name: 'c' type: 'Convolution' bottom: 'data' top: 'c' convolution_param { "
      "num_output: 4 kernel_size: 3 pad: 2000000000 } }\n" +
      conv("d", "c"));
  EXPECT_TRUE(says(m, Severity::kError, {"'c'", "64 bits"})) << report(m);
  EXPECT_EQ(m.diagnostics.worst(), Code::kResource);
}

// In time that grows with their number, not its square.
TEST(CaffeNet, ManyLayersOfOneName) {
  std::string text = input("1,3,4,4");
  for (int k = 0; k < 10000; ++k)
    text += "layer { name: 'a' type: 'ReLU' bottom: 'data' top: 'data' }\n";
  const auto start = std::chrono::steady_clock::now();
  const ImportedModel m = import_text(text);
  EXPECT_FALSE(m.failed);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(CaffeNet, MoreOutputsThanAPlanHas) {
  std::string text = input("1,3,4,4");
  for (int k = 0; k < 4100; ++k)
    text += "layer { name: 'r" + std::to_string(k) + "' type: 'ReLU' bottom: 'data' top: 't" +
            std::to_string(k) + "' }\n";
  const ImportedModel m = import_text(text);
  EXPECT_TRUE(says(m, Severity::kError, {"'r4095'", "4100 outputs", "4096"})) << report(m);
  EXPECT_EQ(m.diagnostics.worst(), Code::kResource);
}

TEST(CaffeNet, OutputsAreTopsThatNobodyReads) {
  const ImportedModel m = import_text(input("1,3,4,4") + conv("a", "data") + conv("b", "a") +
                                      conv("z", "a") + relu("r", "z"));
  ASSERT_EQ(m.graph.outputs().size(), 2u);
  EXPECT_EQ(m.graph.outputs()[0].name, "b");
  EXPECT_EQ(m.graph.outputs()[1].name, "z");
}

TEST(CaffeNet, OutputsCanBeChosen) {
  ImportOptions options;
  options.outputs = {"a"};
  const std::string net = input("1,3,4,4") + conv("a", "data") + conv("b", "a");
  const ImportedModel m = import_text(net, options);
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_EQ(ops(m), "Conv");
  options.outputs = {"r"};  // a layer's name
  const ImportedModel in_place =
      import_text(input("1,3,4,4") + conv("a", "data") + relu("r", "a") + conv("b", "a"), options);
  ASSERT_EQ(in_place.graph.outputs().size(), 1u);
  EXPECT_EQ(in_place.graph.outputs()[0].name, "r");
  EXPECT_EQ(ops(in_place), "Conv Relu");
  options.outputs = {"aa"};
  EXPECT_TRUE(says(import_text(net, options), Severity::kError, {"'aa'", "'a'"}));
}

TEST(CaffeNet, PhaseRules) {
  const std::string net =
      "state { level: 3 stage: 'deploy' }\n" + input("1,3,4,4") +
      conv("train", "data", "include { phase: TRAIN }") +
      conv("test", "data", "include { phase: TEST }") +
      conv("low", "data", "include { max_level: 2 }") +
      conv("high", "data", "include { min_level: 3 }") +
      conv("stage", "data", "include { stage: 'deploy' }") +
      conv("other", "data", "include { stage: 'val' }") +
      conv("not", "data", "include { not_stage: 'val' }") +
      conv("ex", "data", "exclude { phase: TEST }") +
      conv("ex2", "data", "exclude { phase: TRAIN }") +
      conv("any", "data", "include { phase: TRAIN } include { stage: 'deploy' }") +
      conv("all", "data", "include { phase: TEST stage: 'val' }");
  const ImportedModel m = import_text(net);
  ASSERT_FALSE(m.failed) << report(m);
  std::string names;
  for (const GraphOutput& output : m.graph.outputs()) names += output.name + " ";
  EXPECT_EQ(names, "test high stage not ex2 any ");
  EXPECT_TRUE(import_text(input("1,3,4,4") + conv("c", "data",
                                                  "include { phase: TEST } exclude { "
                                                  "phase: TRAIN }"))
                  .failed);
}

TEST(CaffeNet, TrainingNetworkBecomesAnInferenceNetwork) {
  const std::string net =
      "layer { name: 'd' type: 'Data' top: 'data' top: 'label' include { phase: TRAIN } "
      "transform_param { crop_size: 9 } data_param { batch_size: 64 } }\n"
      "layer { name: 'd' type: 'Data' top: 'data' top: 'label' include { phase: TEST } "
      "transform_param { crop_size: 5 force_color: true } data_param { batch_size: 32 } }\n" +
      conv("c", "data") +
      "layer { name: 'ip' type: 'InnerProduct' bottom: 'c' top: 'ip' inner_product_param { "
      "num_output: 4 "
      "} }\n"
      "layer { name: 'acc' type: 'Accuracy' bottom: 'ip' bottom: 'label' top: 'acc' }\n"
      "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'ip' bottom: 'label' top: 'loss' }\n";
  const ImportedModel m = import_text(net);
  ASSERT_FALSE(m.failed) << report(m);
  ASSERT_EQ(m.graph.inputs().size(), 1u);
  EXPECT_EQ(shape_of(m, "data"), "N,3,5,5");
  ASSERT_EQ(m.graph.outputs().size(), 1u);
  EXPECT_EQ(m.graph.outputs()[0].name, "loss");
  EXPECT_EQ(node_of(m, "loss").op, "Softmax");
  EXPECT_TRUE(says(m, Severity::kNote, {"'acc'", "Accuracy"}));
}

TEST(CaffeNet, DataLayersThatDoNotTellTheirShape) {
  const ImportedModel m = import_text(
      "layer { name: 'd' type: 'Data' top: 'data' top: 'label' data_param { batch_size: 3 } }\n" +
      conv("c", "data"));
  EXPECT_TRUE(says(m, Severity::kError, {"'d'", "Data layer", "--shape data=", "deploy"}));
  EXPECT_EQ(m.diagnostics.worst(), Code::kUnsupported);  // the file is sound
  ImportOptions options;
  options.shapes = {{"data", {1, 3, 6, 6}}};
  const std::string hdf5 =
      "layer { name: 'd' type: 'HDF5Data' top: 'data' top: 'y' }\n" + conv("c", "data");
  EXPECT_EQ(shape_of(import_text(hdf5, options), "c"), "N,2,6,6");
  EXPECT_TRUE(says(import_text(hdf5), Severity::kError, {"--shape data="}));
  EXPECT_TRUE(
      says(import_text("layer { name: 'd' type: 'Input' top: 'data' }\n" + conv("c", "data")),
           Severity::kError, {"'d'", "Input layer", "--shape data="}));
  const ImportedModel memory = import_text(
      "layer { name: 'd' type: 'MemoryData' top: 'data' top: 'label' memory_data_param { "
      "batch_size: 3 "
      "channels: 2 height: 4 width: 5 } }\n" +
      conv("c", "data"));
  EXPECT_EQ(shape_of(memory, "c"), "N,2,4,5") << report(memory);
}

TEST(CaffeNet, LossesWithoutTopAndSilence) {
  const std::string text =
      input("1,3,4,4") + conv("c", "data") +
      "layer { name: 's' type: 'Slice' bottom: 'c' top: 'x' top: 'y' }\n"
      "layer { name: 'hush' type: 'Silence' bottom: 'y' }\n"
      "layer { name: 'loss' type: 'SoftmaxWithLoss' bottom: 'x' bottom: 'label' }\n";
  ImportOptions pictures;
  pictures.random_weights = true;
  for (const ImportedModel& m :
       {import_text(text), import_model_memory({{"net.prototxt", text}}, pictures)}) {
    ASSERT_FALSE(m.failed) << report(m);
    ASSERT_EQ(m.graph.outputs().size(), 1u);
    EXPECT_EQ(m.graph.outputs()[0].name, "loss");
  }
}

// ---- batch size

TEST(CaffeNet, BatchIsASymbolWhereEveryLayerAcceptsIt) {
  ImportOptions options;
  options.batch_max = 16;
  const ImportedModel m = import_text(input("10,3,4,4") + conv("c", "data"), options);
  EXPECT_EQ(shape_of(m, "c"), "N,2,4,4");
  ASSERT_TRUE(m.graph.symbol("N"));
  EXPECT_EQ(m.graph.symbol("N")->max, 16);
  EXPECT_EQ(m.graph.symbol("N")->min, 1);
  EXPECT_EQ(m.graph.symbol("N")->tune, 1);
}

TEST(CaffeNet, BatchStaysWhereALayerBakesItIn) {
  const ImportedModel reshape = import_text(
      input("2,6") + layer("Reshape", "reshape_param { shape { dim: 2 dim: 3 dim: 2 } }"));
  ASSERT_FALSE(reshape.failed) << report(reshape);
  EXPECT_EQ(shape_of(reshape, "out"), "2,3,2");
  EXPECT_TRUE(says(reshape, Severity::kNote, {"batch size stays 2", "'l'"})) << report(reshape);
  for (const char* dims : {"dim: 0 dim: 5", "dim: 2 dim: 5"}) {
    const ImportedModel m = import_text(
        input("2,6") + layer("Reshape", std::string("reshape_param { shape { ") + dims + " } }"));
    EXPECT_TRUE(says(m, Severity::kError, {"cannot be reshaped"})) << report(m);
    EXPECT_EQ(m.diagnostics.worst(), Code::kInvalid) << report(m);
  }
  // What is wrong behind it is told, and alone.
  const ImportedModel behind = import_text(
      input("2,6") + layer("Reshape", "reshape_param { shape { dim: 2 dim: 3 dim: 2 } }") +
      "layer { name: 's' type: 'Softmax' bottom: 'out' top: 's' softmax_param { axis: 4 } }");
  EXPECT_TRUE(says(behind, Severity::kError, {"'s'", "axis 4"})) << report(behind);
  EXPECT_EQ(behind.diagnostics.error_count(), 1u) << report(behind);
  const ImportedModel slice =
      import_text(input("4,6") +
                  "layer { name: 'l' type: 'Slice' bottom: 'data' top: 'x' top: 'y' slice_param { "
                  "axis: 0 } }");
  EXPECT_EQ(shape_of(slice, "x"), "2,6") << report(slice);
  EXPECT_TRUE(says(slice, Severity::kNote, {"batch size stays 4"}));
}

TEST(CaffeNet, InputsOfDifferentFirstDimensionsKeepThem) {
  const ImportedModel m = import_text(
      "input: 'a' input_shape { dim: 2 dim: 3 } input: 'b' input_shape { dim: 5 dim: 3 }\n" +
      std::string(
          "layer { name: 'l' type: 'Concat' bottom: 'a' bottom: 'b' top: 'out' concat_param { "
          "axis: 0 } }"));
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_EQ(shape_of(m, "out"), "7,3");
}

// ---- diagnostics

TEST(CaffeNet, AllProblemsAreInOneReport) {
  const std::string net = input("1,3,4,4") +                                       // line 1
                          "layer { name: 'u' type: 'Convolutin' bottom: 'data' top: 'u' }\n" +  // 2
                          conv("c", "u") +  // 3: poisoned
                          "layer { name: 'v' type: 'NoSuchThing' bottom: 'c' top: 'v' }\n" +  // 4
                          conv("w", "dataa") +  // 5
                          conv("x", "y") +  // 6
                          conv("y", "data") +  // 7
                          "layer { name: 'p' type: 'Pooling' bottom: 'y' top: 'p' }\n";  // 8
  const ImportedModel m = import_text(net);
  EXPECT_TRUE(m.failed);
  EXPECT_TRUE(says(m, Severity::kError, {"net.prototxt:2", "'u'", "Convolutin", "'Convolution'"}));
  EXPECT_TRUE(says(m, Severity::kError, {"net.prototxt:4", "'v'", "NoSuchThing"}));
  EXPECT_TRUE(
      says(m, Severity::kError, {"net.prototxt:5", "'w'", "'dataa'", "did you mean 'data'"}));
  EXPECT_TRUE(says(m, Severity::kError, {"net.prototxt:6", "'x'", "makes it later"}));
  EXPECT_TRUE(says(m, Severity::kError, {"net.prototxt:8", "'p'", "kernel"}));
  EXPECT_EQ(m.diagnostics.error_count(), 5u) << report(m);
  EXPECT_EQ(m.diagnostics.worst(), Code::kInvalid);
}

// What can be said of a layer without its bottoms' shapes is said, though the layer that makes them
// has a problem of its own.
TEST(CaffeNet, ABrokenLayerHidesNothingBehindIt) {
  const ImportedModel m = import_text(
      input("1,3,32,32") +
      "layer { name: 'p1' type: 'Pooling' bottom: 'data' top: 'p1' top: 'm1' pooling_param { "
      "kernel_size: 2 } }\n"
      "layer { name: 'p2' type: 'Pooling' bottom: 'p1' top: 'p2' pooling_param { pool: STOCHASTIC "
      "kernel_size: 2 } }\n"
      "layer { name: 'c' type: 'Convolution' bottom: 'p2' top: 'c' convolution_param { num_output: "
      "3 } }\n"
      "layer { name: 'fine' type: 'ReLU' bottom: 'c' top: 'fine' }\n"
      "layer { name: 'odd' type: 'Odd' bottom: 'fine' bottom: 'nobody' top: 'odd' }\n"
      "layer { name: 'q' type: 'InnerProduct' bottom: 'odd' top: 'q' }\n");
  for (const std::vector<std::string>& parts :
       std::vector<std::vector<std::string>>{{"net.prototxt:2", "'p1'", "second top"},
                                             {"'p2'", "stochastic"},
                                             {"'c'", "states no kernel_size"},
                                             {"'odd'", "unknown layer type"},
                                             {"'odd'", "'nobody' is made by no earlier layer"},
                                             {"'q'", "num_output must be positive"}})
    EXPECT_TRUE(says(m, Severity::kError, parts)) << parts[0] << "\n" << report(m);
  EXPECT_EQ(m.diagnostics.error_count(), 6u) << report(m);
}

TEST(CaffeNet, UnknownTypesThatNobodyNeedsAreSaid) {
  const std::string net = input("1,3,8,8") + conv("c", "data");
  const ImportedModel beside =
      import_text(net + "layer { name: 'stat' type: 'Python' bottom: 'data' }\n");
  EXPECT_FALSE(beside.failed) << report(beside);
  EXPECT_TRUE(says(beside, Severity::kWarning, {"'stat'", "unknown layer type 'Python'"}))
      << report(beside);
  const ImportedModel last =
      import_text(net + "layer { name: 'stat' type: 'Python' bottom: 'c' }\n");
  EXPECT_TRUE(says(last, Severity::kError, {"'stat'", "unknown layer type 'Python'"}))
      << report(last);
}

TEST(CaffeNet, TypesOfOtherFrameworksGetCaffes) {
  const ImportedModel m = import_text(input("1,3,8,8") + layer("BN"));
  EXPECT_TRUE(says(m, Severity::kError, {"'BN'", "'BatchNorm'"})) << report(m);
}

TEST(CaffeNet, UnknownTypesAloneAreUnsupported) {
  const ImportedModel m = import_text(input("1,3,4,4") + layer("PriorBoxes"));
  EXPECT_EQ(m.diagnostics.worst(), Code::kUnsupported) << report(m);
}

TEST(CaffeNet, TwoMakersOfOneBlob) {
  const ImportedModel m = import_text(input("1,3,4,4") + conv("c", "data") +
                                      "layer { name: 'd' type: 'ReLU' bottom: 'data' top: 'c' }\n");
  EXPECT_TRUE(says(m, Severity::kError, {"net.prototxt:3", "'c' is already made by layer 'c'"}));
}

// ---- hooks

class DoublingHook : public LayerHooks {
 public:
  bool claims(const std::string& name, const std::string&) override { return name == "mine"; }
  std::vector<ValueId> import(GraphBuilder& builder, const std::string& name,
                              const std::string& type, const std::vector<ValueId>& inputs,
                              const std::vector<Tensor>& weights, int outputs) override {
    ++calls;
    seen_type = type;
    blobs = weights;
    EXPECT_EQ(outputs, 1);
    return {builder.node("Add", {inputs.at(0), inputs.at(0)}, {}, name)};
  }
  int calls = 0;
  std::string seen_type;
  std::vector<Tensor> blobs;
};

TEST(CaffeNet, HooksClaimLayersAndBorrowWeights) {
  DoublingHook hook;
  ImportOptions options;
  options.hooks = &hook;
  const std::string net = input("1,3,4,4") +
                          "layer { name: 'mine' type: 'IPlugin' bottom: 'data' top: 'm' }\n" +
                          conv("c", "m");
  const ImportedModel m = import_text_with(
      net,
      "layer { name: 'c' blobs { shape { dim: 2 dim: 3 dim: 1 dim: 1 } data: [1,2,3,4,5,6] } "
      "blobs { shape { dim: 2 } data: [7, 8] } }\n"
      "layer { name: 'mine' blobs { shape { dim: 2 } data: [3, 4] } }",
      options);
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_EQ(hook.calls, 1);
  EXPECT_EQ(hook.seen_type, "IPlugin");
  ASSERT_EQ(hook.blobs.size(), 1u);
  EXPECT_EQ(hook.blobs[0].at(1), 4);
  ASSERT_EQ(m.borrowed.size(), 1u);
  EXPECT_EQ(m.borrowed[0].data(), hook.blobs[0].data());
  EXPECT_EQ(node_of(m, "m").op, "Add");
}

TEST(CaffeNet, IntoAnExistingBuilder) {
  GraphBuilder builder("mine");
  Diagnostics diagnostics;
  ImportOptions options;
  options.random_weights = true;
  const auto values =
      import_caffe_into(builder, input("1,3,4,4") + conv("c", "data"), "", options, diagnostics);
  EXPECT_EQ(str(builder.type(values.at("c")).shape), "N,2,4,4");
  EXPECT_TRUE(values.count("data"));
  builder.output(values.at("c"), "c");
  EXPECT_EQ(builder.finish().outputs().size(), 1u);
  GraphBuilder other("other");
  EXPECT_THROW(import_caffe_into(other, input("1,3") + layer("Nothing"), "", options, diagnostics),
               Error);
}

}  // namespace
}  // namespace tenfold::test
