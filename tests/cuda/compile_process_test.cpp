// Device texts compiled at once: the same machine code as one after another, helpers only where
// they can be trusted, and what happens when one does not answer.
#include "backends/cuda/driver/compile_process.h"

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backends/cuda/driver/compile_message.h"
#include "backends/cuda/driver/nvrtc_api.h"
#include "backends/cuda/driver/run_nvrtc.h"

namespace tenfold::cuda {
namespace {

namespace fs = std::filesystem;
using Seconds = std::chrono::seconds;

Deadline soon() { return std::chrono::steady_clock::now() + Seconds(20); }

// A variable of the environment for the length of a test.
class Variable {
 public:
  Variable(const char* name, const std::string& value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old, had_ = true;
    setenv(name, value.c_str(), 1);
  }
  ~Variable() { had_ ? setenv(name_, old_.c_str(), 1) : unsetenv(name_); }

 private:
  const char* name_;
  std::string old_;
  bool had_ = false;
};

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/tenfold-helper-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Folder() { fs::remove_all(path_); }
  fs::path script(const std::string& text) const {
    const fs::path file = path_ / "helper";
    std::ofstream(file) << "#!/bin/sh\n" << text << "\n";
    fs::permissions(file, fs::perms::owner_all);
    return file;
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

std::string helper() { return TENFOLD_BIN_DIR "/tenfold-compile"; }

TEST(CompileMessage, ArrivesWholeOrNot) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  const Message sent = {"sm_90a", "", std::string(3000000, 'x'), std::string("a\0b", 3)};
  std::thread other([&] { EXPECT_EQ(send_message(ends[0], sent, soon()), Transfer::kDone); });
  Message got;
  EXPECT_EQ(receive_message(ends[1], got, soon()), Transfer::kDone);
  other.join();
  EXPECT_EQ(got, sent);
  EXPECT_EQ(receive_message(ends[1], got,
                            std::chrono::steady_clock::now() + std::chrono::milliseconds(50)),
            Transfer::kLate);
  const char noise[] = "no message at all";
  ASSERT_EQ(send(ends[0], noise, sizeof noise, 0), static_cast<ssize_t>(sizeof noise));
  EXPECT_EQ(receive_message(ends[1], got, soon()), Transfer::kBroken);
  close(ends[0]);
  while (receive_message(ends[1], got, soon()) == Transfer::kBroken) {
  }
  EXPECT_EQ(receive_message(ends[1], got, soon()), Transfer::kClosed);
  EXPECT_EQ(send_message(ends[1], sent, soon()), Transfer::kClosed);  // and no SIGPIPE
  close(ends[1]);
}

TEST(CompileHelper, RunsOnlyFromTrustedPlaces) {
  EXPECT_TRUE(is_trusted_program("/bin/sh")) << is_trusted_program("/bin/sh").reason;
  EXPECT_FALSE(is_trusted_program("/no/such/file"));
  EXPECT_FALSE(is_trusted_program("/etc/passwd"));
  const Folder folder;
  const fs::path script = folder.script("exit 0");
  EXPECT_TRUE(is_trusted_program(script.string())) << is_trusted_program(script.string()).reason;
  fs::permissions(script, fs::perms::all);
  EXPECT_NE(is_trusted_program(script.string()).reason.find("others may write"), std::string::npos);
  fs::permissions(script, fs::perms::owner_all);
  fs::permissions(folder.path(), fs::perms::all);
  EXPECT_NE(is_trusted_program(script.string()).reason.find("everyone"), std::string::npos);
  fs::permissions(folder.path(), fs::perms::owner_all);
  std::string reason;
  const Variable chosen("TENFOLD_COMPILE_HELPER", script.string());
  EXPECT_EQ(find_compile_helper(reason), script.string());
  const Variable missing("TENFOLD_COMPILE_HELPER", script.string() + "-not");
  EXPECT_EQ(find_compile_helper(reason), "");
  EXPECT_FALSE(reason.empty());
  const Variable off("TENFOLD_COMPILE_HELPER", "off");
  EXPECT_EQ(find_compile_helper(reason), "");
  EXPECT_NE(reason.find("off"), std::string::npos);
}

TEST(CompileHelper, LiesBesideTheProgramInABuild) {
  unsetenv("TENFOLD_COMPILE_HELPER");
  std::string reason;
  const std::string found = find_compile_helper(reason);
  if (found.empty()) GTEST_SKIP() << reason;  // a tree that others may write
  EXPECT_TRUE(fs::equivalent(found, helper())) << found;
}

TEST(CompileHelper, SaysWhatItIs) {
  EXPECT_EQ(std::system((helper() + " </dev/null 2>/dev/null").c_str()) >> 8, 2);
}

class CompileAtOnce : public testing::Test {
 protected:
  void SetUp() override {
    if (const Verdict can = can_compile("sm_90a"); !can) GTEST_SKIP() << can.reason;
    set_log_sink([](Severity, std::string_view line) { std::cout << line << std::endl; });
  }
  void TearDown() override { set_log_sink({}); }
  static TextRequest text(int n) {
    TextRequest request;
    request.entry = "kernel" + std::to_string(n);
    request.text = "#include \"gen/common.cuh\"\nextern \"C\" __global__ void " + request.entry +
                   "(float* x) {\n";
    for (int k = 0; k < 16; ++k)
      request.text += "  if (threadIdx.x == " + std::to_string(k + n) +
                      ") x[threadIdx.x] = powf(x[threadIdx.x], " + std::to_string(k) + ".5f);\n";
    request.text += "}\n";
    return request;
  }
  // Seconds for `count` texts on `threads` threads.
  static double compile(int count, int threads, std::vector<std::vector<std::byte>>& code) {
    code.assign(static_cast<size_t>(count), {});
    std::atomic<int> next{0};
    const auto from = std::chrono::steady_clock::now();
    const auto work = [&] {
      for (int k = next++; k < count; k = next++)
        code[static_cast<size_t>(k)] = compile_anywhere(text(k), "sm_90a");
    };
    std::vector<std::thread> pool;
    for (int t = 1; t < threads; ++t) pool.emplace_back(work);
    work();
    for (std::thread& t : pool) t.join();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - from).count();
  }
};

TEST_F(CompileAtOnce, GivesTheSameMachineCode) {
  const int count = std::getenv("TENFOLD_COMPILE_HELPER") ? 3 : 12;
  std::vector<std::vector<std::byte>> alone, together;
  const double one = compile(count, 1, alone), many = compile(count, 4, together);
  std::cout << count << " texts: " << one << " s one after another, " << many << " s at once"
            << std::endl;
  EXPECT_EQ(alone, together);
  for (const auto& code : alone) EXPECT_GT(code.size(), 500u);
}

// What a process decides about helpers holds for its life: each case in a process of its own.
TEST_F(CompileAtOnce, DoesWithoutHelpers) {
  const std::string again =
      fs::read_symlink("/proc/self/exe").string() + " --gtest_filter=CompileAtOnce.Gives* 2>&1";
  const Folder folder;
  const std::pair<std::string, std::string> cases[] = {
      {"off", "is 'off'"},
      {folder.script("exit 0").string(), "says nothing"},
      {(folder.path() / "none").string(), "No such file"}};
  for (const auto& [chosen, reason] : cases) {
    const Variable variable("TENFOLD_COMPILE_HELPER", chosen);
    FILE* pipe = popen(again.c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::string said;
    char part[256];
    while (fgets(part, sizeof part, pipe)) said += part;
    EXPECT_EQ(pclose(pipe), 0) << said;
    EXPECT_NE(said.find("one after another, without helper processes"), std::string::npos) << said;
    EXPECT_NE(said.find(reason), std::string::npos) << said;
  }
}

TEST_F(CompileAtOnce, TellsTheCompilersLog) {
  const auto broken = [] {
    TextRequest request;
    request.entry = "broken";
    request.text = "extern \"C\" __global__ void broken() { no_such_thing(); }\n";
    try {
      (void)compile_anywhere(request, "sm_90a");
    } catch (const Error& e) {
      return e.full();
    }
    return std::string("compiled");
  };
  std::string texts[3];
  std::thread a([&] { texts[0] = broken(); }), b([&] { texts[1] = broken(); });
  texts[2] = broken();
  a.join(), b.join();
  for (const std::string& t : texts) {
    EXPECT_NE(t.find("no_such_thing"), std::string::npos) << t;
    EXPECT_EQ(t, texts[0]);
  }
}

}  // namespace
}  // namespace tenfold::cuda
