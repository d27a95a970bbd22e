// Models that ask for too much, contradict themselves or end early: refused with a reason or
// imported rightly, soon, and never as an error of ours.
#include <chrono>
#include <random>

#include <gtest/gtest.h>

#include "tenfold/compile.h"
#include "tenfold/import.h"
#include "tenfold/io.h"

namespace tenfold {
namespace {

using Files = std::vector<std::pair<std::string, std::string>>;

const std::string kInput = "input: \"data\" input_shape { dim: 1 dim: 3 dim: 8 dim: 8 }\n";

std::string layer(const std::string& type, const std::string& parameters) {
  return "layer { name: \"a\" type: \"" + type + "\" bottom: \"data\" top: \"a\" " + parameters +
         " }\n";
}

// Imports and canonicalizes; whether the model was accepted. Fails on errors of ours.
bool imported(const Files& files) {
  ImportOptions options;
  options.raw_input = true;
  options.random_weights = true;
  try {
    ImportedModel model = import_model_memory(files, options);
    for (const Diagnostic& d : model.diagnostics.all())
      EXPECT_NE(d.code, Code::kInternal) << d.str();
    if (model.failed) {
      EXPECT_GT(model.diagnostics.error_count(), 0u);
      return false;
    }
    canonicalize(model.graph);
    EXPECT_EQ(verify(model.graph).error_count(), 0u);
    return true;
  } catch (const Error& e) {
    EXPECT_NE(e.code(), Code::kInternal) << e.full();
    return false;
  }
}

struct Bomb {
  const char* name;
  std::string text;
};

class Bombs : public testing::TestWithParam<Bomb> {};

TEST_P(Bombs, AreRefusedSoon) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(imported({{"net.prototxt", GetParam().text}}));
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
  EXPECT_LT(seconds.count(), 20);
}

std::string repeated(const std::string& text, int n) {
  std::string all;
  for (int k = 0; k < n; ++k) all += text;
  return all;
}

INSTANTIATE_TEST_SUITE_P(
    Texts, Bombs,
    testing::Values(
        Bomb{"nesting", repeated("layer { ", 1000000)},
        Bomb{"unknown_nesting", repeated("a { ", 1000000)},
        Bomb{"open_string", "name: \"" + std::string(1 << 20, 'x')},
        Bomb{"huge_input",
             "input: \"data\" input_shape { dim: 4611686018427387904 dim: 4611686018427387904 "
             "dim: 9 dim: 9 }\n" +
                 layer("Convolution", "convolution_param { num_output: 1 kernel_size: 3 }")},
        Bomb{"negative_input", "input: \"data\" input_shape { dim: -1 dim: -3 dim: -8 dim: -8 }\n" +
                                   layer("ReLU", "")},
        Bomb{"no_group", kInput + layer("Convolution",
                                        "convolution_param { num_output: 3 kernel_size: 1 group: "
                                        "0 }")},
        Bomb{"no_stride", kInput + layer("Convolution",
                                         "convolution_param { num_output: 3 kernel_size: 1 stride: "
                                         "0 }")},
        Bomb{"no_window", kInput + layer("Pooling", "pooling_param { kernel_size: 0 }")},
        Bomb{"huge_window", kInput + layer("Pooling", "pooling_param { kernel_size: 4294967295 }")},
        Bomb{"huge_padding", kInput + layer("Convolution",
                                            "convolution_param { num_output: 3 kernel_size: 3 pad: "
                                            "4294967295 dilation: 4294967295 }")},
        Bomb{"huge_weights",
             kInput + layer("InnerProduct", "inner_product_param { num_output: 4294967295 }")},
        Bomb{"no_output",
             kInput + layer("Convolution", "convolution_param { num_output: 0 kernel_size: 1 }")},
        Bomb{"huge_axis", kInput + layer("Softmax", "softmax_param { axis: 2147483647 }")},
        Bomb{"small_axis", kInput + layer("Flatten", "flatten_param { axis: -2147483648 }")},
        Bomb{"huge_reshape",
             kInput + layer("Reshape",
                            "reshape_param { shape { dim: 9223372036854775807 dim: -1 dim: 2 } }")},
        Bomb{"two_guesses",
             kInput + layer("Reshape", "reshape_param { shape { dim: -1 dim: -1 } }")},
        Bomb{"slices_backwards",
             kInput + layer("Slice", "top: \"b\" slice_param { slice_point: 4294967295 }")},
        Bomb{"no_bottom", "layer { name: \"a\" type: \"ReLU\" top: \"a\" }\n"},
        Bomb{"own_bottom",
             kInput + "layer { name: \"a\" type: \"ReLU\" bottom: \"a\" top: \"a\" }\n"}),
    [](const auto& info) { return info.param.name; });

// A thousand layers in a row are no attack, and no recursion either.
TEST(HostileModels, DeepNetworksAreFine) {
  std::string text = kInput;
  for (int k = 0; k < 5000; ++k)
    text += "layer { name: \"s" + std::to_string(k) + "\" type: \"Sigmoid\" bottom: \"" +
            (k ? "s" + std::to_string(k - 1) : "data") + "\" top: \"s" + std::to_string(k) +
            "\" }\n";
  EXPECT_TRUE(imported({{"net.prototxt", text}}));
}

// The digit network's files with any bytes changed or cut off.
TEST(HostileModels, DamagedPackagesAreRefusedOrSound) {
  Files files = read_archive(std::string(TENFOLD_EXAMPLES_DIR) + "/digits/digits.tar.gz");
  const uint64_t seed = std::random_device{}();
  RecordProperty("seed", std::to_string(seed));
  std::mt19937_64 rng(seed);
  int accepted = 0;
  for (int k = 0; k < 150; ++k) {
    Files damaged = files;
    std::string& bytes = damaged[rng() % damaged.size()].second;
    if (k % 3 == 0) bytes.resize(rng() % (bytes.size() + 1));
    for (int n = 0; k % 3 != 0 && n < 4 && !bytes.empty(); ++n)
      bytes[rng() % bytes.size()] = static_cast<char>(rng());
    accepted += imported(damaged);
  }
  EXPECT_TRUE(imported(files));
  EXPECT_LT(accepted, 151) << "seed " << seed;
}

TEST(HostileModels, DamagedArchivesAndPicturesAreRefusedOrRead) {
  const std::string folder = std::string(TENFOLD_EXAMPLES_DIR) + "/digits/";
  const uint64_t seed = std::random_device{}();
  std::mt19937_64 rng(seed);
  for (const std::string name : {"digits.zip", "pictures/0-0.png", "pictures/0-2.jpg"}) {
    const std::string whole = read_file(folder + name);
    for (int k = 0; k < 60; ++k) {
      std::string bytes = whole;
      if (k % 2 == 0) bytes.resize(rng() % bytes.size());
      for (int n = 0; k % 2 != 0 && n < 3; ++n)
        bytes[rng() % bytes.size()] = static_cast<char>(rng());
      try {
        if (name == "digits.zip")
          (void)import_model_memory({{"model.zip", bytes}});
        else
          (void)decode_image(std::as_bytes(std::span(bytes)), name);
      } catch (const Error& e) {
        EXPECT_NE(e.code(), Code::kInternal) << name << ", seed " << seed << ": " << e.full();
      }
    }
  }
}

}  // namespace
}  // namespace tenfold
