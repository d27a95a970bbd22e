// Whole programs in the manner of each TensorRT generation, compiled as C++11 against an installed
// tree and run on every digit; and what the installed tree looks like.
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include <gtest/gtest.h>

#include "install_support.h"
#include "tests/support/sanitizers.h"

namespace fs = std::filesystem;

namespace {

// All ten; under a sanitizer, where a program takes its time, two.
std::vector<int> digits() {
#if TENFOLD_ASAN || TENFOLD_TSAN
  return {3, 8};
#else
  return {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
#endif
}

class Program : public testing::TestWithParam<std::string> {};

TEST_P(Program, CompilesAsCxx11AndRecognizesEveryDigit) {
  std::string words;
  const std::string program = compile_program(GetParam(), "tenfold-tensorrt-cpu", &words);
  ASSERT_FALSE(program.empty()) << words;
  EXPECT_EQ(words.find("warning"), std::string::npos) << words;
  for (const int digit : digits()) {
    const int status =
        run("'" + program + "' '" + model_folder() + "' " + std::to_string(digit), &words);
    EXPECT_EQ(status, 0) << "digit " << digit << "\n" << words;
    const size_t notice = words.find("on the CPU");
    EXPECT_NE(notice, std::string::npos) << "the program is not told where it runs\n" << words;
    EXPECT_EQ(words.find("on the CPU", notice + 1), std::string::npos) << "told twice\n" << words;
  }
}

std::vector<std::string> sources() {
  std::vector<std::string> list = {std::string(TENFOLD_EXAMPLES_DIR) + "/tensorrt/caffe_mnist.cpp"};
  for (const auto& entry :
       fs::directory_iterator(std::string(TENFOLD_TEST_DATA) + "/clients/tensorrt/programs"))
    if (entry.path().extension() == ".cpp") list.push_back(entry.path().string());
  std::sort(list.begin(), list.end());
  return list;
}

INSTANTIATE_TEST_SUITE_P(Each, Program, testing::ValuesIn(sources()),
                         [](const auto& info) { return fs::path(info.param).stem().string(); });

// With the library for real CUDA. Without a GPU the program hears why not, and ends by itself.
TEST(Installed, ProgramsForCudaLink) {
  std::string words;
  const std::string& prefix = installed_prefix(&words);
  ASSERT_FALSE(prefix.empty()) << words;
  const std::string toolkit = "-I'" + prefix + "/include/tenfold-cuda-host' '" + TENFOLD_TEST_DATA +
                              "/clients/tensorrt/cuda/cuda_on_driver.cpp' -ldl";
  const std::string program =
      compile_program(std::string(TENFOLD_EXAMPLES_DIR) + "/tensorrt/caffe_mnist.cpp",
                      "tenfold-tensorrt", &words, toolkit);
  ASSERT_FALSE(program.empty()) << words;
  const int status = run("'" + program + "' '" + model_folder() + "' 3", &words);
  EXPECT_EQ(words.find("on the CPU"), std::string::npos) << words;
  if (status == 0) return;  // there is a GPU
  EXPECT_EQ(status, 1) << words;
  EXPECT_NE(words.find("buildCudaEngine: no CUDA driver"), std::string::npos) << words;
}

// Nothing of the inside, and nothing of the standard library's, meets what a program has of it.
TEST(Installed, LibrariesShowOnlyTheirInterface) {
  std::string why;
  const std::string& prefix = installed_prefix(&why);
  ASSERT_FALSE(prefix.empty()) << why;
  const std::regex own(
      ".* (typeinfo (name )?for |vtable for )?(nv(infer1|caffeparser1|onnxparser|uffparser)::.*|"
      "(cuda|cudnn|cublas)[A-Z]\\w*|tenfold_cuda_host_\\w*|create(Infer|Nv)\\w*_INTERNAL|"
      "create\\w+Plugin|get\\w*(Version|Logger|Registry)|getLogger|initLibNvInferPlugins)");
  for (const char* name : {"tenfold_tensorrt", "tenfold_tensorrt_cpu", "tenfold_cuda_host"}) {
    std::string symbols, line;
    ASSERT_EQ(run("nm -DC --defined-only '" + prefix + "/lib/lib" + name + ".so'", &symbols), 0)
        << symbols;
    std::istringstream lines(symbols);
    int count = 0;
    for (; std::getline(lines, line); ++count)
      EXPECT_TRUE(std::regex_match(line, own)) << name << ": " << line;
    EXPECT_GT(count, 10) << name;
  }
}

// What a generation alone has is there when a program is compiled for it.
TEST(Installed, HeadersSpeakOtherGenerations) {
  const std::string source = model_folder() + "/generation.cpp";
  std::ofstream(source) << "#include <NvInfer.h>\n"
                           "static_assert(NV_TENSORRT_VERSION == 5000, \"\");\n"
                           "int main() {\n"
                           "  return nvinfer1::DeviceType::kDLA0 == nvinfer1::DeviceType::kDLA1;\n"
                           "}\n";
  std::string words;
  const std::string program =
      compile_program(source, "tenfold-tensorrt-cpu", &words, "-DNV_TENSORRT_MAJOR=5");
  ASSERT_FALSE(program.empty()) << words;
  EXPECT_EQ(run("'" + program + "'", &words), 0) << words;
}

TEST(Installed, HeadersShadowNobodys) {
  std::string why;
  const std::string& prefix = installed_prefix(&why);
  ASSERT_FALSE(prefix.empty()) << why;
  const fs::path include = fs::path(prefix) / "include";
  EXPECT_TRUE(fs::exists(include / "tenfold-tensorrt" / "NvInfer.h"));
  EXPECT_TRUE(fs::exists(include / "tenfold-cuda-host" / "cuda_runtime_api.h"));
  EXPECT_FALSE(fs::exists(include / "NvInfer.h"));
  EXPECT_FALSE(fs::exists(include / "cuda_runtime_api.h"));
  EXPECT_FALSE(fs::exists(include / "tenfold-tensorrt" / "cuda_runtime_api.h"));
}

}  // namespace
