// DIGITS packages: the example download, and packages made up here.
#include <cstdio>

#include <google/protobuf/text_format.h>

#include "import/package.h"
#include "tenfold/compile.h"

namespace tenfold::test {
namespace {

const std::string kDigits = std::string(TENFOLD_EXAMPLES_DIR) + "/digits/";

TEST(Digits, TheExampleInAllForms) {
  if (!fs::exists(kDigits + "digits.tar.gz")) GTEST_SKIP() << "no example package";
  for (const std::string name : {"digits.tar.gz", "digits.zip"}) {
    const ImportedModel m = import_model({kDigits + name});
    ASSERT_FALSE(m.failed) << report(m);
    EXPECT_EQ(m.format, "digits");
    EXPECT_EQ(m.labels.size(), 10u);
    EXPECT_TRUE(m.preprocess.present);
    EXPECT_EQ(m.preprocess.input, "data");
    EXPECT_EQ(m.preprocess.channels, 1);
    EXPECT_EQ(m.preprocess.resize_height, 28);
    EXPECT_NE(m.preprocess.note.find("mean.binaryproto"), std::string::npos);
    ASSERT_EQ(m.graph.inputs().size(), 1u);
    EXPECT_EQ(m.graph.type(m.graph.inputs()[0]).str(), "u8[N,28,28,1]");
    EXPECT_EQ(m.graph.outputs()[0].name, "softmax");
    ImportOptions raw;
    raw.raw_input = true;
    const ImportedModel plain = import_model({kDigits + name}, raw);
    EXPECT_FALSE(plain.preprocess.present);
    EXPECT_EQ(plain.graph.type(plain.graph.inputs()[0]).str(), "f32[N,1,28,28]");
  }
}

// Also that of a job without pictures to test with, or of a later DIGITS, which names stages.
TEST(Digits, TheDataLayerOfTrainingSpeaksWhereNoOtherDoes) {
  const std::string top = "layer { name: 'd' type: 'Data' top: 'data' include { ";
  const std::string seven = " } transform_param { mean_value: 7 scale: 0.5 } }\n";
  const std::string nine = " } transform_param { mean_value: 9 } }\n";
  const Folder folder;
  make_package(folder, "");
  for (const std::string& text : {top + "phase: TRAIN" + seven, top + "stage: 'train'" + seven,
                                  top + "phase: TRAIN" + nine + top + "phase: TEST" + seven}) {
    folder.write("train_val.prototxt", text);
    const ImportedModel m = import_model({folder.path()});
    const char* want = "values (7,7,7) of train_val's transform_param; scale: 0.5";
    EXPECT_NE(m.preprocess.note.find(want), std::string::npos) << text << m.preprocess.note;
  }
}

// Labels may come from a data layer of their own, before that of the pictures.
TEST(Digits, TheDataLayerThatTheNetworkReadsSpeaks) {
  const auto data = [](const std::string& top, const std::string& phase, int mean) {
    return "layer { name: '" + top + "' type: 'Data' top: '" + top + "' include { phase: " + phase +
           " } transform_param { mean_value: " + std::to_string(mean) + " } }\n";
  };
  const Folder folder;
  make_package(folder, "");
  const auto not_in = [](const std::string& phase, int mean) {
    return "layer { name: 'd' type: 'Data' top: 'image' exclude { phase: " + phase +
           " } transform_param { mean_value: " + std::to_string(mean) + " } }\n";
  };
  for (const std::string& text :
       {not_in("TEST", 1) + not_in("TRAIN", 7),
        "layer { name: 'l' type: 'Data' top: 'label' }\n" + not_in("TRAIN", 7),
        data("label", "TRAIN", 1) + data("data", "TRAIN", 2) + data("label", "TEST", 3) +
            data("data", "TEST", 7),
        data("data", "TRAIN", 7) + data("label", "TEST", 3)}) {
    folder.write("train_val.prototxt", text);
    const ImportedModel m = import_model({folder.path()});
    EXPECT_NE(m.preprocess.note.find("values (7,7,7)"), std::string::npos) << m.preprocess.note;
  }
}

TEST(Digits, ColorPictureIsCroppedSwappedAndCentered) {
  const Folder folder;
  make_package(folder,
               "transform_param { crop_size: 4 scale: 0.5 mean_file: '/jobs/mean.binaryproto' }");
  const ImportedModel m = import_model({folder.path()});
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_EQ(m.graph.type(m.graph.inputs()[0]).str(), "u8[N,6,6,3]");
  EXPECT_EQ(ops(m), "Transpose Slice Slice Cast Sub Mul Conv");
  EXPECT_EQ(m.preprocess.resize_mode, "half_crop");
  EXPECT_FALSE(m.preprocess.bgr);
  // The mean's pixel, from BGR to RGB; DIGITS pads with noise.
  EXPECT_EQ(m.preprocess.border, (std::vector<int32_t>{228, 128, 28}));
  EXPECT_NE(m.preprocess.note.find("borders: the mean color"), std::string::npos);
  const Tensor& mean = constant(m, "data.mean_value");
  EXPECT_EQ(mean.dims(), (Extents{3, 4, 4}));
  EXPECT_EQ(mean.at(0), 11);  // the center of the mean image
  EXPECT_EQ(mean.at(47), 244);
  // The network passes blue and red on: check where they came from.
  Tensor picture(DType::kU8, {1, 6, 6, 3});
  for (int64_t k = 0; k < picture.count(); ++k)
    picture.as_mutable<uint8_t>()[static_cast<size_t>(k)] = static_cast<uint8_t>(k);
  const Tensor out = evaluate_reference(m.graph, {{"data", picture}}).at(0);
  const int64_t corner = (1 * 6 + 1) * 3;  // pixel (1,1), RGB
  EXPECT_EQ(out.at(0), (picture.at(corner + 2) - 11) * 0.5);
  EXPECT_EQ(out.at(16), (picture.at(corner) - 211) * 0.5);
  EXPECT_EQ(m.labels, (std::vector<std::string>{"cat", "dog"}));
}

TEST(Digits, MeanModes) {
  struct Case {
    std::string transform, mode;
    double first;       // of the mean constant; negative: none
    std::string note;
  };
  for (const Case& c : {
           Case{"transform_param { crop_size: 4 }", "auto", -1, "none"},
           Case{"transform_param { mean_value: 7 mean_value: 8 mean_value: 9 }", "auto", 7,
                "values (7,8,9)"},
           Case{"transform_param { mean_value: 5 }", "auto", 5, "values (5,5,5)"},
           Case{"transform_param { mean_file: 'm' }", "auto", 11, "image"},
           Case{"", "auto", 11, "image"},
           Case{"", "pixel", 27.5, "pixel (27.5,127.5,227.5)"},
           Case{"", "none", -1, "none, as asked"},
           Case{"transform_param { mean_file: 'm' }", "104,117,123", 104, "(104,117,123)"},
           Case{"transform_param { mean_value: 5 }", "image", 11, "as asked"},
       }) {
    const Folder folder;
    make_package(folder, c.transform);
    ImportOptions options;
    options.mean = c.mode;
    const ImportedModel m = import_model({folder.path()}, options);
    ASSERT_FALSE(m.failed) << report(m);
    EXPECT_NE(m.preprocess.note.find(c.note), std::string::npos) << m.preprocess.note;
    if (c.first < 0) {
      EXPECT_FALSE(m.graph.find_value("data.mean_value")) << c.transform << c.mode;
    } else {
      EXPECT_EQ(constant(m, "data.mean_value").at(0), c.first) << c.transform << c.mode;
    }
  }
}

TEST(Digits, MeanImageOfAnotherSizeBecomesItsPixel) {
  const Folder folder;
  make_package(folder, "transform_param { mean_file: 'm' }");
  folder.write("mean.binaryproto", mean_file(3, 2, 2));
  const ImportedModel m = import_model({folder.path()});
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_NE(m.preprocess.note.find("pixel (5.5,105.5,205.5)"), std::string::npos)
      << m.preprocess.note;
  ImportOptions options;
  options.mean = "image";
  EXPECT_TRUE(says(import_model({folder.path()}, options), Severity::kError, {"mean image"}));
}

TEST(Digits, WhatIsSaidOfMeansNamesTheirFile) {
  const Folder folder;
  make_package(folder, "transform_param { mean_value: 7 mean_value: 8 mean_file: 'm' }");
  folder.write("mean.binaryproto", "damaged");
  const ImportedModel values = import_model({folder.path()});
  EXPECT_TRUE(says(values, Severity::kError, {"train_val.prototxt: 2 mean values for 3 channels"}))
      << report(values);
  make_package(folder, "transform_param { mean_value: 7 mean_file: 'm' }");
  folder.write("mean.binaryproto", "damaged");
  const ImportedModel unneeded = import_model({folder.path()});
  EXPECT_FALSE(unneeded.failed) << report(unneeded);
  EXPECT_TRUE(says(unneeded, Severity::kWarning, {"mean.binaryproto: warning: no Caffe mean file"}))
      << report(unneeded);
  EXPECT_NE(unneeded.preprocess.note.find("not its mean_file too"), std::string::npos);
  make_package(folder, "transform_param { mean_file: 'm' }");
  folder.write("mean.binaryproto", "damaged");
  EXPECT_TRUE(says(import_model({folder.path()}), Severity::kError,
                   {"mean.binaryproto: no Caffe mean file"}));
}

TEST(Digits, FlagsThatCannotBeMet) {
  const Folder folder;
  make_package(folder, "");
  ImportOptions options;
  options.mean = "1,2";
  EXPECT_TRUE(says(import_model({folder.path()}, options), Severity::kError, {"2 mean values"}));
  options.mean = "gray";
  EXPECT_TRUE(
      says(import_model({folder.path()}, options), Severity::kError, {"'gray' is no mean"}));
  options = {};
  options.channel_order = "gbr";
  EXPECT_TRUE(
      says(import_model({folder.path()}, options), Severity::kError, {"'gbr'", "rgb or bgr"}));
  folder.remove("mean.binaryproto");
  options = {};
  options.mean = "pixel";
  EXPECT_TRUE(says(import_model({folder.path()}, options), Severity::kError, {"no mean file"}));
}

TEST(Digits, RgbLeavesTheChannels) {
  const Folder folder;
  make_package(folder, "transform_param { mean_value: 5 }");
  ImportOptions options;
  options.channel_order = "rgb";
  EXPECT_EQ(ops(import_model({folder.path()}, options)), "Transpose Slice Cast Sub Conv");
}

TEST(Digits, TheNewestSnapshotUnlessToldOtherwise) {
  const Folder folder;
  make_package(folder, "");
  folder.write("snapshot_iter_10.caffemodel", "damaged");
  EXPECT_TRUE(
      says(import_model({folder.path()}), Severity::kError, {"snapshot_iter_10.caffemodel"}));
  for (const std::string snapshot : {"9", "snapshot_iter_9", "snapshot_iter_9.caffemodel"}) {
    ImportOptions options;
    options.snapshot = snapshot;
    EXPECT_FALSE(import_model({folder.path()}, options).failed) << snapshot;
  }
  ImportOptions options;
  options.snapshot = "11";
  EXPECT_TRUE(says(import_model({folder.path()}, options), Severity::kError,
                   {"'11'", "snapshot_iter_9.caffemodel"}));
}

// Packages one/ and two/, which differ in their mean values, 5 and 7.
void make_two_packages(const Folder& both) {
  const Folder one, two;
  make_package(one, "transform_param { mean_value: 5 }");
  make_package(two, "transform_param { mean_value: 7 }");
  for (const auto& [from, name] : {std::pair{&one, "one/"}, std::pair{&two, "two/"}})
    for (const auto& file : fs::directory_iterator(from->path()))
      both.write(name + file.path().filename().string(), read_file(file.path().string()));
}

TEST(Digits, SeveralModelsInOnePackage) {
  const Folder both;
  make_two_packages(both);
  const ImportedModel unclear = import_model({both.path()});
  EXPECT_TRUE(says(unclear, Severity::kError, {"one/snapshot_iter_9", "two/snapshot_iter_9"}))
      << report(unclear);
  EXPECT_FALSE(says(unclear, Severity::kNote, {"is used"})) << report(unclear);
  ImportOptions options;
  options.snapshot = "9";
  EXPECT_TRUE(says(import_model({both.path()}, options), Severity::kError,
                   {"'9'", "one/snapshot_iter_9", "two/snapshot_iter_9"}));
  options.snapshot = "two/snapshot_iter_9.caffemodel";
  const ImportedModel m = import_model({both.path()}, options);
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_EQ(constant(m, "data.mean_value").at(0), 7);
}

// The newest weights bring their own network, mean and labels along.
TEST(Digits, TheNewestOfSeveralModelsIsWhole) {
  const Folder both;
  make_two_packages(both);
  both.write("one/labels.txt", "old\nolder\n");
  both.write("two/snapshot_iter_10.caffemodel", weights());
  const ImportedModel newest = import_model({both.path()});
  ASSERT_FALSE(newest.failed) << report(newest);
  EXPECT_EQ(constant(newest, "data.mean_value").at(0), 7);
  EXPECT_NE(newest.labels.front(), "old");
  EXPECT_TRUE(says(newest, Severity::kNote, {"2 models", "two/snapshot_iter_10"}))
      << report(newest);
}

TEST(Digits, LabelsAreReadAsDigitsReadsThem) {
  const Folder folder;
  make_package(folder, "");
  for (const char* text : {"\xef\xbb\xbf cat\t\r\n\r\n  big dog \n\n", "cat\rbig dog"}) {
    folder.write("labels.txt", text);
    EXPECT_EQ(import_model({folder.path()}).labels, (std::vector<std::string>{"cat", "big dog"}));
  }
}

TEST(Digits, SeveralNetworksOfNoKnownName) {
  const Folder folder;
  folder.write("b.prototxt", kNet);
  folder.write("net.caffemodel", weights());
  const ImportedModel one = import_model({folder.path()});
  ASSERT_FALSE(one.failed) << report(one);
  EXPECT_FALSE(says(one, Severity::kWarning, {"b.prototxt"})) << report(one);
  folder.write("a.prototxt", kNet);
  const ImportedModel two = import_model({folder.path()});
  EXPECT_TRUE(says(two, Severity::kWarning, {"a.prototxt, b.prototxt", "the first"}))
      << report(two);
}

TEST(Digits, PackagesOfOtherFrameworks) {
  const Folder torch;
  torch.write("info.json", R"({"framework": "torch"})");
  torch.write("model.lua", "return {}");
  const ImportedModel m = import_model({torch.path()});
  EXPECT_TRUE(says(m, Severity::kError, {"torch"})) << report(m);
  EXPECT_EQ(m.diagnostics.worst(), Code::kUnsupported);
  const Folder bare;
  bare.write("snapshot_30_Model.t7", "x");
  EXPECT_TRUE(says(import_model({bare.path()}), Severity::kError, {"torch"}));
}

TEST(Digits, IncompletePackages) {
  const Folder empty;
  EXPECT_TRUE(says(import_model({empty.path()}), Severity::kError, {"no network"}));
  const Folder folder;
  make_package(folder, "");
  folder.remove("snapshot_iter_9.caffemodel");
  EXPECT_TRUE(says(import_model({folder.path()}), Severity::kError, {"no .caffemodel"}));
  ImportOptions random;
  random.random_weights = true;
  EXPECT_FALSE(import_model({folder.path()}, random).failed);
}

// One problem each: layers that lack weights which are known to be missing are no further one.
TEST(Digits, ConsequencesAreNotRepeated) {
  const Folder folder;
  make_package(folder, "");
  ImportOptions options;
  options.snapshot = "77";
  EXPECT_EQ(import_model({folder.path()}, options).diagnostics.error_count(), 1u);
  folder.remove("snapshot_iter_9.caffemodel");
  EXPECT_EQ(import_model({folder.path()}).diagnostics.error_count(), 1u);
}

TEST(Digits, SenselessDimensionsAreSaid) {
  for (const char* dimensions : {"[-1, 6, 3]", "\"6x6\"", "[6]", "[6, 6, 3, 1]", "[6.5, 6, 3]",
                                 "[2000000000, 6, 3]", "[18446744073709551615, 6, 3]"}) {
    const Folder folder;
    make_package(folder, "");
    folder.write("info.json", std::string("{\"image dimensions\": ") + dimensions + "}");
    const ImportedModel m = import_model({folder.path()});
    EXPECT_FALSE(m.failed) << report(m);
    EXPECT_TRUE(says(m, Severity::kWarning, {"image dimensions"})) << dimensions << report(m);
  }
}

TEST(Digits, UnknownResizeModesAreErrorsOfTheFile) {
  const Folder folder;
  make_package(folder, "");
  folder.write("info.json", R"({"image dimensions": [6, 6, 3], "image resize mode": "squach"})");
  const ImportedModel m = import_model({folder.path()});
  EXPECT_TRUE(says(m, Severity::kError, {"info.json", "'squach'", "did you mean 'squash'?"}))
      << report(m);
}

TEST(Digits, FilesThatInfoNamesAndThePackageLacksAreSaid) {
  const Folder folder;
  make_package(folder, "");
  folder.write("info.json", R"({"image dimensions": [6, 6, 3], "labels file": "classes.txt"})");
  const ImportedModel m = import_model({folder.path()});
  EXPECT_FALSE(m.failed) << report(m);
  EXPECT_TRUE(says(m, Severity::kNote, {"classes.txt", "labels file"})) << report(m);
}

TEST(Digits, PartsMayLieInAFolderInside) {
  const Folder folder;
  folder.write("job/deploy.prototxt", kNet);
  folder.write("job/snapshot_iter_1.caffemodel", weights());
  folder.write("job/mean.binaryproto", mean_file(3, 4, 4));
  const ImportedModel m = import_model({folder.path()});
  ASSERT_FALSE(m.failed) << report(m);
  EXPECT_EQ(m.format, "digits");
}

}  // namespace
}  // namespace tenfold::test
