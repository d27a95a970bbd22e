// Single files, and what they are together.
#include "import/package.h"
#include "tenfold/compile.h"
#include "tenfold/io.h"

namespace tenfold::test {
namespace {

TEST(ImportFiles, EitherOrderAndNoPreprocessingWithoutFlags) {
  const Folder folder;
  folder.write("net.prototxt", kNet);
  folder.write("net.caffemodel", weights());
  const std::string net = folder.path() + "/net.prototxt",
                    trained = folder.path() + "/net.caffemodel";
  for (const auto& paths : {std::vector<std::string>{net, trained}, {trained, net}}) {
    const ImportedModel m = import_model(paths);
    ASSERT_FALSE(m.failed) << report(m);
    EXPECT_EQ(m.format, "caffe");
    EXPECT_FALSE(m.preprocess.present);
    EXPECT_EQ(ops(m), "Conv");
  }
  ImportOptions options;
  options.mean = "104,117,123";
  options.scale = 0.017;
  const ImportedModel m = import_model({net, trained}, options);
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_TRUE(m.preprocess.present);
  EXPECT_EQ(m.graph.type(m.graph.inputs()[0]).str(), "u8[N,4,4,3]");
  EXPECT_EQ(ops(m), "Transpose Slice Cast Sub Mul Conv");
}

// A network alone has no preprocessing, so what its data layer states is not passed over in
// silence.
TEST(ImportFiles, ATransformOfTheNetworkItselfIsNamed) {
  const std::string net =
      "layer { name: 'd' type: 'Input' top: 'data' input_param { shape { dim: [1, 3, 4, 4] } }\n"
      "  transform_param { mean_value: [10, 20, 30] scale: 0.5 } }\n" +
      std::string(kNet).substr(std::string(kNet).find('\n') + 1);
  const std::vector<std::pair<std::string, std::string>> files = {{"net.prototxt", net},
                                                                  {"net.caffemodel", weights()}};
  const ImportedModel m = import_model_memory(files);
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_TRUE(says(m, Severity::kWarning, {"'d'", "--mean 10,20,30 --scale 0.5"})) << report(m);
  std::string of_file = net;
  of_file.replace(of_file.find("mean_value: [10, 20, 30]"), 24, "mean_file: 'm.binaryproto'");
  EXPECT_TRUE(says(import_model_memory({{"net.prototxt", of_file}, files[1]}), Severity::kWarning,
                   {"'d'", "--mean-file FILE --scale 0.5"}));
  ImportOptions options;
  options.mean = "10,20,30";
  EXPECT_FALSE(says(import_model_memory(files, options), Severity::kWarning, {"--mean"}));
  options = {};
  options.raw_input = true;
  EXPECT_FALSE(says(import_model_memory(files, options), Severity::kWarning, {"--mean"}));
}

TEST(ImportFiles, AMeanOfNumpyInMemory) {
  const Folder folder;
  Tensor mean(DType::kF32, {3});
  for (size_t k = 0; k < 3; ++k) mean.as_mutable<float>()[k] = static_cast<float>(k + 5);
  save_npy(folder.path() + "/mean.npy", mean);
  const std::string bytes = read_file(folder.path() + "/mean.npy");
  const ImportedModel m = import_model_memory(
      {{"net.prototxt", kNet}, {"net.caffemodel", weights()}, {"mean.npy", bytes}});
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_EQ(constant(m, "data.mean_value").at(2), 7);
  EXPECT_TRUE(says(import_model_memory({{"net.prototxt", kNet},
                                        {"net.caffemodel", weights()},
                                        {"mean.npy", bytes.substr(0, 50)}}),
                   Severity::kError, {"mean.npy"}));
}

TEST(ImportFiles, MissingFilesAreReportedNotThrown) {
  const ImportedModel m = import_model({"/nonexistent/a.prototxt", "/nonexistent/b.caffemodel"});
  EXPECT_TRUE(m.failed);
  EXPECT_EQ(m.diagnostics.error_count(), 2u) << report(m);
  EXPECT_EQ(m.diagnostics.all()[0].code, Code::kNotFound);
  EXPECT_TRUE(import_model({}).failed);
}

// What is missing does not hide what is wrong with the network.
TEST(ImportFiles, AMissingFileHidesNothing) {
  const Folder folder;
  folder.write("net.prototxt",
               std::string(kNet) + "layer { name: 'm' type: 'Mystery' bottom: 'c' top: 'm' }");
  const ImportedModel m =
      import_model({folder.path() + "/net.prototxt", "/nonexistent/b.caffemodel"});
  EXPECT_TRUE(says(m, Severity::kError, {"no such file"})) << report(m);
  EXPECT_TRUE(says(m, Severity::kError, {"Mystery"})) << report(m);
  EXPECT_EQ(m.diagnostics.error_count(), 2u) << report(m);
  EXPECT_EQ(m.diagnostics.worst(), Code::kNotFound);
}

TEST(ImportFiles, ADamagedArchiveIsNamedOnce) {
  const Folder folder;
  folder.write("net.zip", std::string("PK\3\4", 4) + std::string(40, 'x'));
  const ImportedModel m = import_model({folder.path() + "/net.zip"});
  EXPECT_TRUE(says(m, Severity::kError, {"net.zip: "})) << report(m);
  EXPECT_FALSE(says(m, Severity::kError, {"net.zip: " + folder.path()})) << report(m);
}

TEST(ImportFiles, WeightsAlone) {
  const Folder folder;
  folder.write("net.caffemodel", weights());
  const ImportedModel m = import_model({folder.path() + "/net.caffemodel"});
  EXPECT_TRUE(says(m, Severity::kError, {"no .prototxt"})) << report(m);
}

// Protobuf's binary form of a network, beside its weights or with them inside.
TEST(ImportFiles, BinaryNetworks) {
  const Folder folder;
  folder.write("net.prototxt", caffemodel(kNet));
  folder.write("net.bin", caffemodel(kNet));
  folder.write("net.caffemodel", weights());
  const std::string at = folder.path() + "/";
  for (const auto& paths : {std::vector<std::string>{at + "net.prototxt", at + "net.caffemodel"},
                            {at + "net.caffemodel", at + "net.bin"}}) {
    const ImportedModel m = import_model(paths);
    ASSERT_FALSE(m.failed) << report(m);
    EXPECT_EQ(ops(m), "Conv");
  }
  const std::string text = kNet;
  folder.write("whole.bin", caffemodel(text.substr(0, text.rfind('}')) +
                                       "blobs { shape { dim: [2, 3, 1, 1] } data: [1,0,0,0,0,1] }"
                                       "blobs { shape { dim: 2 } data: [0,0] } }"));
  const ImportedModel whole = import_model({at + "whole.bin"});
  ASSERT_FALSE(whole.failed) << report(whole);
  EXPECT_EQ(shape_of(whole, "c"), "N,2,4,4");
  EXPECT_TRUE(import_model({at + "net.bin"}).failed);  // nobody knows its weights
  for (const char* name : {"whole.prototxt", "whole.caffemodel"}) {  // by content
    folder.write(name, read_file(at + "whole.bin"));
    const ImportedModel same = import_model({at + name});
    EXPECT_FALSE(same.failed) << name << "\n" << report(same);
  }
  folder.write("wrong.bin",
               caffemodel(text + "layer { name: 'e' type: 'Foo' bottom: 'c' top: 'e' }"));
  const ImportedModel wrong = import_model({at + "wrong.bin", at + "net.caffemodel"});
  EXPECT_TRUE(says(wrong, Severity::kError, {"wrong.bin, byte ", "'e'", "'Foo'"})) << report(wrong);
}

// Caffe starts from blobs that a network states, whatever its form.
TEST(ImportFiles, NetworksBringTheirOwnWeights) {
  const Folder folder;
  const std::string at = folder.path() + "/", text = kNet;
  const auto net = [&](const std::string& values) {
    return text.substr(0, text.rfind('}')) + "blobs { shape { dim: [2, 3, 1, 1] } data: [" +
           values + "] } blobs { shape { dim: 2 } data: [0,0] } }";
  };
  const auto weight = [](const ImportedModel& m) {
    return evaluate_constant(m.graph, m.graph.value(node_of(m, "c").inputs[1]).constant).at(0);
  };
  folder.write("own.prototxt", net("7,0,0,0,0,1"));
  const ImportedModel own = import_model({at + "own.prototxt"});
  ASSERT_FALSE(own.failed) << report(own);
  EXPECT_EQ(weight(own), 7);
  folder.write("net.caffemodel", caffemodel(net("8,0,0,0,0,1")));
  const ImportedModel trained = import_model({at + "own.prototxt", at + "net.caffemodel"});
  ASSERT_FALSE(trained.failed) << report(trained);
  EXPECT_EQ(weight(trained), 8);
  std::string training = net("7,0,0,0,0,1");
  for (size_t at = 0; (at = training.find("layer {", at)) != std::string::npos; at += 7)
    training.insert(at + 7, " include { phase: TRAIN } ");
  folder.write("training.prototxt", training);
  EXPECT_TRUE(import_model({at + "training.prototxt"}).failed);
  folder.write("own.prototxt", net("7,0"));
  const ImportedModel wrong = import_model({at + "own.prototxt"});
  EXPECT_TRUE(says(wrong, Severity::kError, {"own.prototxt", "'c'", "blob 0"})) << report(wrong);
}

// Sound models of other formats are not called damaged: nothing reads them yet.
TEST(ImportFiles, OtherFormatsAreUnsupported) {
  const Folder folder;
  const std::string at = folder.path() + "/";
  for (const char* name : {"net.onnx", "net.pb", "net.uff", "net-symbol.json", "net.pth"}) {
    folder.write(name, std::string("\x08\x03\x12 ir", 6));
    const ImportedModel m = import_model({at + name});
    EXPECT_TRUE(says(m, Severity::kError, {name, "not read yet", ".caffemodel"})) << report(m);
    EXPECT_EQ(m.diagnostics.worst(), Code::kUnsupported) << report(m);
    EXPECT_EQ(m.diagnostics.error_count(), 1u) << report(m);
    const ImportedModel package = import_model({folder.path()});
    EXPECT_EQ(package.diagnostics.worst(), Code::kUnsupported) << report(package);
    folder.remove(name);
  }
  folder.write("net.onnx", "");
  EXPECT_EQ(import_model({at + "net.onnx"}).diagnostics.worst(), Code::kInvalid);
  folder.write("net.prototxt", kNet);
  folder.write("weights.pb", weights());  // Caffe's, whatever their name
  EXPECT_FALSE(import_model({at + "net.prototxt", at + "weights.pb"}).failed);
}

TEST(ImportFiles, MeanFilesWithWrongDimensions) {
  caffe::BlobProto blob;  // as one that is about: num 0, and the height wrong
  blob.set_num(0);
  blob.set_channels(3);
  blob.set_height(3);
  blob.set_width(112);
  for (int k = 0; k < 3 * 112 * 112; ++k) blob.add_data(1);
  const Folder folder;
  folder.write("mean.binaryproto", blob.SerializeAsString());
  EXPECT_EQ(read_mean_file(folder.path() + "/mean.binaryproto").dims(), (Extents{3, 112, 112}));
  blob.add_data(1);
  folder.write("mean.binaryproto", blob.SerializeAsString());
  EXPECT_THROW(read_mean_file(folder.path() + "/mean.binaryproto"), Error);
  EXPECT_THROW(read_mean_file(folder.path() + "/none"), Error);
  folder.write("mean.binaryproto", mean_file(3, 2, 5));
  const Tensor mean = read_mean_file(folder.path() + "/mean.binaryproto");
  EXPECT_EQ(mean.dims(), (Extents{3, 2, 5}));
  EXPECT_EQ(mean.at(29), 214);
}

}  // namespace
}  // namespace tenfold::test
