// A program that is linked with tenfold-runtime alone runs a plan file.
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "tests/support/sample_plans.h"

namespace tenfold::test {
namespace {

TEST(Standalone, RunsAPlanFile) {
  const std::filesystem::path program = std::filesystem::path(TENFOLD_BIN_DIR) / "run_plan";
  if (!std::filesystem::exists(program)) GTEST_SKIP() << program << " was not built";
  const auto folder = std::filesystem::temp_directory_path() / "tenfold_standalone_test";
  std::filesystem::create_directories(folder);
  const std::string plan = folder / "small.plan", in = folder / "in", out = folder / "out";
  small_plan().save(plan);
  const Tensor data = random_tensor({3, 2, 6, 6}, 21);
  std::ofstream(in, std::ios::binary).write(static_cast<const char*>(data.data()), data.bytes());
  const std::string command =
      "'" + program.string() + "' '" + plan + "' '" + in + "' '" + out + "'";
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::ifstream file(out, std::ios::binary);
  const std::vector<double> want = small_plan_reference(data);
  for (const double value : want) {
    float got = 0;
    ASSERT_TRUE(file.read(reinterpret_cast<char*>(&got), sizeof got).good());
    ASSERT_NEAR(got, value, 1e-5);
  }
  // A plan that is cut short is refused, with a message and without a crash.
  std::filesystem::resize_file(plan, std::filesystem::file_size(plan) - 1);
  EXPECT_EQ(WEXITSTATUS(std::system((command + " 2>/dev/null").c_str())), 1);
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tenfold::test
