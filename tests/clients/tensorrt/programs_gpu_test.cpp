// Programs written for TensorRT against the library for real CUDA: the program's own streams,
// events and device memory, made by the driver itself, go through the engine.
#include <array>
#include <cstdio>
#include <filesystem>
#include <string>

#include <sys/wait.h>

#include "tests/support/gpu_test.h"
#include "tests/support/paths.h"

namespace fs = std::filesystem;
using namespace tenfold::test;

namespace {

// The exit status of a shell command, 128 and more for signals; what it printed goes to `output`.
int run(const std::string& command, std::string* output) {
  output->clear();
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (!pipe) return -1;
  std::array<char, 4096> buffer;
  for (size_t n; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    output->append(buffer.data(), n);
  const int status = pclose(pipe);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

std::string quoted(const fs::path& path) { return "'" + path.string() + "'"; }

class GpuTensorRT : public GpuTest, public testing::WithParamInterface<std::string> {
 protected:
  void SetUp() override {
    GpuTest::SetUp();
    if (IsSkipped()) return;
    program_ = fs::read_symlink("/proc/self/exe").parent_path() / ("trt_" + GetParam());
    if (!fs::exists(program_)) GTEST_SKIP() << "no " << program_.string();
    folder_ = fs::temp_directory_path() / ("tenfold-trt-gpu-" + std::to_string(getpid()));
    fs::create_directories(folder_);
    std::string words;
    const fs::path examples = examples_folder();
    ASSERT_EQ(
        run("tar xzf " + quoted(examples / "digits" / "digits.tar.gz") + " -C " + quoted(folder_),
            &words),
        0)
        << words;
    for (const auto& entry : fs::directory_iterator(examples / "tensorrt" / "data"))
      fs::copy(entry.path(), folder_, fs::copy_options::overwrite_existing);
  }
  void TearDown() override {
    std::error_code ignored;
    if (!folder_.empty()) fs::remove_all(folder_, ignored);
  }
  fs::path program_, folder_;
};

TEST_P(GpuTensorRT, RecognizesDigits) {
  for (const char* digit : {"3", "8"}) {
    std::string words;
    const int status = run(quoted(program_) + " " + quoted(folder_) + " " + digit, &words);
    EXPECT_EQ(status, 0) << "digit " << digit << "\n" << words;
    EXPECT_EQ(words.find("on the CPU"), std::string::npos) << words;
  }
}

INSTANTIATE_TEST_SUITE_P(Programs, GpuTensorRT,
                         testing::Values("api_network", "buffer_manager", "caffe_mnist",
                                         "copy_plugin", "half2_mode", "int8_calibration",
                                         "mean_layer", "profiler", "sample_class", "tensor_net",
                                         "two_threads", "weights_file"),
                         [](const auto& info) { return info.param; });

}  // namespace
