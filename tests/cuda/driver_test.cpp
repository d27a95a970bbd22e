// The driver room without a GPU: libraries that are absent, the kernel cache, the backend's notes.
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/cuda/driver/compile_text.h"
#include "backends/cuda/driver/device.h"
#include "backends/cuda/driver/dynamic_library.h"
#include "backends/cuda/driver/kernel_cache.h"
#include "backends/cuda/driver/nvrtc_api.h"

namespace tenfold {
Backend* cuda_backend();

namespace cuda {
namespace {

namespace fs = std::filesystem;

// A folder of its own as TENFOLD_CACHE, restored afterwards.
class KernelCache : public ::testing::Test {
 protected:
  void SetUp() override {
    const char* old = std::getenv("TENFOLD_CACHE");
    if (old) old_ = old;
    had_ = old != nullptr;
    char name[] = "/tmp/tenfold-cache-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    setenv("TENFOLD_CACHE", folder_.c_str(), 1);
  }
  void TearDown() override {
    if (had_)
      setenv("TENFOLD_CACHE", old_.c_str(), 1);
    else
      unsetenv("TENFOLD_CACHE");
    fs::remove_all(folder_);
  }
  fs::path file() const { return fs::path(folder_) / "kernels" / (key_ + ".cubin"); }
  std::string old_, folder_, key_ = "0123456789abcdef0123456789abcdef";
  bool had_ = false;
  std::vector<std::byte> code_ = std::vector<std::byte>(1000, std::byte{42});
};

TEST_F(KernelCache, KeepsWhatWasStored) {
  EXPECT_FALSE(find_cached_kernel(key_));
  store_cached_kernel(key_, code_);
  const auto found = find_cached_kernel(key_);
  ASSERT_TRUE(found);
  EXPECT_EQ(*found, code_);
  struct stat info{};
  ASSERT_EQ(stat((fs::path(folder_) / "kernels").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
  EXPECT_EQ(std::distance(fs::directory_iterator(fs::path(folder_) / "kernels"), {}), 1);
}

TEST_F(KernelCache, RefusesDamageAndStrangers) {
  store_cached_kernel(key_, code_);
  std::fstream(file(), std::ios::in | std::ios::out | std::ios::binary).seekp(500).put('x');
  EXPECT_FALSE(find_cached_kernel(key_));
  store_cached_kernel(key_, code_);
  fs::resize_file(file(), 300);
  EXPECT_FALSE(find_cached_kernel(key_));
  store_cached_kernel(key_, code_);
  chmod(file().c_str(), 0666);  // others could have written it
  EXPECT_FALSE(find_cached_kernel(key_));
  store_cached_kernel(key_, code_);
  chmod((fs::path(folder_) / "kernels").c_str(), 0777);
  EXPECT_FALSE(find_cached_kernel(key_));
  EXPECT_FALSE(find_cached_kernel("../../etc/passwd"));
  EXPECT_FALSE(find_cached_kernel(""));
}

TEST_F(KernelCache, CanBeOff) {
  setenv("TENFOLD_CACHE", "off", 1);
  EXPECT_EQ(kernel_cache_folder(), "");
  store_cached_kernel(key_, code_);
  EXPECT_FALSE(find_cached_kernel(key_));
}

TEST(DynamicLibrary, SaysWhyItFailed) {
  const DynamicLibrary none = DynamicLibrary::open({"libtenfold-absent.so.7"});
  EXPECT_FALSE(none.ok());
  EXPECT_NE(none.error().find("libtenfold-absent.so.7: not found"), std::string::npos)
      << none.error();
  EXPECT_EQ(none.symbol("main"), nullptr);
  const DynamicLibrary libc = DynamicLibrary::open({"libc.so.6"});
  ASSERT_TRUE(libc.ok()) << libc.error();
  EXPECT_NE(libc.symbol("strlen"), nullptr);
  EXPECT_EQ(libc.symbol("tenfold_no_such_function"), nullptr);
}

TEST(CudaBackend, OpensOrSaysWhyNot) {
  Backend* backend = cuda_backend();
  EXPECT_EQ(backend->kind(), "cuda");
  EXPECT_GT(backend->rows().size(), 15u);
  for (const Row* row : backend->rows()) EXPECT_EQ(row->backend(), "cuda") << row->name();
  if (backend->device_count() > 0) return;
  ASSERT_FALSE(backend->notes().empty());
  EXPECT_THROW(backend->open(0), Error);
}

TEST(CudaBackend, SaysThatNoHelperCompiles) {
  if (!nvrtc()) GTEST_SKIP() << nvrtc_error();
  setenv("TENFOLD_COMPILE_HELPER", "/no/such/helper", 1);
  const std::vector<std::string> notes = cuda_backend()->notes();
  unsetenv("TENFOLD_COMPILE_HELPER");
  EXPECT_TRUE(std::any_of(notes.begin(), notes.end(), [](const std::string& note) {
    return note.find("/no/such/helper") != std::string::npos;
  }));
}

TEST(CompileText, NamesArchitecturesAndKeys) {
  EXPECT_EQ(arch_of(Target::parse("cuda:h200")), "sm_90a");
  EXPECT_EQ(arch_of(Target::parse("cuda:a100")), "sm_80");
  TextRequest one{"f", "text", {}}, two = one;
  EXPECT_EQ(text_key(one, "sm_80"), text_key(two, "sm_80"));
  EXPECT_NE(text_key(one, "sm_80"), text_key(one, "sm_90a"));
  two.options.push_back("-DX");
  EXPECT_NE(text_key(one, "sm_80"), text_key(two, "sm_80"));
}

TEST(CompileText, ReportsTheCompilersLog) {
  if (const Verdict can = can_compile("sm_80"); !can) GTEST_SKIP() << can.reason;
  try {
    compile_text({"broken", "this is no text", {}}, "sm_80");
    FAIL() << "it compiled";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::kInternal);
    EXPECT_NE(error.full().find("broken.cu"), std::string::npos) << error.full();
  }
}

}  // namespace
}  // namespace cuda
}  // namespace tenfold
