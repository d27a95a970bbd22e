#include "install_support.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <sys/wait.h>

#include "tests/support/sanitizers.h"

namespace fs = std::filesystem;

namespace {

// A scratch folder that goes with the process.
struct Scratch {
  Scratch() {
    std::string name = (fs::temp_directory_path() / "tenfold-trt-XXXXXX").string();
    path = mkdtemp(name.data()) ? fs::path(name) : fs::temp_directory_path();
  }
  ~Scratch() {
    std::error_code ignored;
    if (path != fs::temp_directory_path()) fs::remove_all(path, ignored);
  }
  fs::path path;
};
const fs::path& scratch() {
  static const Scratch kScratch;
  return kScratch.path;
}

std::string shell_word(const std::string& path) { return "'" + path + "'"; }

// As users call it; where the libraries are instrumented, their programs must be too, by the same
// compiler. Their null references are the libraries' to report.
std::string compiler() {
#if TENFOLD_ASAN
  return TENFOLD_CXX " -fsanitize=address,undefined -fno-sanitize=null";
#elif TENFOLD_TSAN
  return TENFOLD_CXX " -fsanitize=thread";
#else
  return "g++";
#endif
}

}  // namespace

int run(const std::string& command, std::string* output) {
  output->clear();
  FILE* pipe = popen(("(" + command + ") 2>&1").c_str(), "r");
  if (!pipe) return -1;
  std::array<char, 4096> buffer;
  for (size_t n; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;)
    output->append(buffer.data(), n);
  const int status = pclose(pipe);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

const std::string& installed_prefix(std::string* why) {
  static std::string prefix, reason;
  static const bool kDone = [] {
    const fs::path build = fs::path(TENFOLD_BIN_DIR).parent_path();
    const std::string target = (scratch() / "prefix").string();
    if (run("cmake --install " + shell_word(build.string()) + " --prefix " + shell_word(target),
            &reason) == 0)
      prefix = target;
    return true;
  }();
  (void)kDone;
  *why = reason;
  return prefix;
}

std::string compile_program(const std::string& source, const std::string& package, std::string* why,
                            const std::string& toolkit) {
  const std::string prefix = installed_prefix(why);
  if (prefix.empty()) return "";
  std::string folder;
  for (const auto& entry : fs::recursive_directory_iterator(prefix))
    if (entry.path().filename() == package + ".pc") folder = entry.path().parent_path().string();
  const std::string program = (scratch() / fs::path(source).stem()).string();
  const std::string command = "PKG_CONFIG_PATH=" + shell_word(folder) + " " + compiler() +
                              " -std=c++11 -O1 " + shell_word(source) + " " + toolkit + " -o " +
                              shell_word(program) + " $(PKG_CONFIG_PATH=" + shell_word(folder) +
                              " pkg-config --cflags --libs " + package + ")";
  return run(command, why) == 0 ? program : "";
}

const std::string& model_folder() {
  static const std::string kFolder = [] {
    const std::string folder = (scratch() / "model").string();
    const std::string examples = TENFOLD_EXAMPLES_DIR;
    fs::create_directories(folder);
    std::string output;
    run("tar xzf " + shell_word(examples + "/digits/digits.tar.gz") + " -C " + shell_word(folder),
        &output);
    for (const auto& entry : fs::directory_iterator(examples + "/tensorrt/data"))
      fs::copy(entry.path(), folder, fs::copy_options::overwrite_existing);
    return folder;
  }();
  return kFolder;
}
