// Calls the command as scripts do.
#pragma once

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/wait.h>

namespace tenfold::test {

namespace fs = std::filesystem;
inline const std::string kDigits = std::string(TENFOLD_EXAMPLES_DIR) + "/digits/";

struct Outcome {
  int status = -1;
  std::string out, err;
};

class Cli : public testing::Test {
 protected:
  void SetUp() override {
    dir_ = fs::temp_directory_path() / ("tenfold-cli-" + std::to_string(::getpid()));
    fs::create_directories(dir_);
  }
  void TearDown() override { fs::remove_all(dir_); }

  std::string path(const std::string& name) const { return (dir_ / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(path(name)) << text;
  }
  // A picture of one pixel.
  std::string pixel() const {
    write("p.ppm", std::string("P6\n1 1\n255\n") + "\x10\x20\x30");
    return path("p.ppm");
  }

  // `before`: shell commands for the process to go through first.
  Outcome tenfold(const std::string& args, const std::string& before = {}) const {
    const std::string err = path("stderr");
    const std::string command =
        before + std::string(TENFOLD_BIN_DIR) + "/tenfold " + args + " 2>" + err + " </dev/null";
    Outcome o;
    FILE* pipe = popen(command.c_str(), "r");
    if (!pipe) return o;
    char buffer[4096];
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, pipe)) > 0;) o.out.append(buffer, n);
    const int raw = pclose(pipe);
    o.status = WIFEXITED(raw) ? WEXITSTATUS(raw) : -1;
    std::ifstream in(err);
    o.err.assign(std::istreambuf_iterator<char>(in), {});
    return o;
  }

  fs::path dir_;
};

}  // namespace tenfold::test
