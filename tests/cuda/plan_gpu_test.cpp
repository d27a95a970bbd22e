// A whole network on the GPU against the reference, of our own rows alone and of all rows, timed
// and by estimates, under the graph and the eager recorder.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <thread>

#include <dlfcn.h>

#include "backends/cuda/driver/device.h"
#include "tenfold/compile.h"
#include "tenfold/engine.h"
#include "tenfold/import.h"
#include "tests/support/gpu_test.h"
#include "tests/support/paths.h"

namespace tenfold {
namespace {

struct Way {
  const char* name;
  bool fp16, timing, vendors;
};

void PrintTo(const Way& way, std::ostream* os) { *os << way.name; }

class GpuThreads : public test::GpuTest {};
class GpuPlans : public test::GpuTest, public testing::WithParamInterface<Way> {};

TEST_P(GpuPlans, ClassifyAsTheReference) {
  const Way way = GetParam();
  const auto digits = test::examples_folder() / "digits" / "digits.tar.gz";
  if (!std::filesystem::exists(digits)) GTEST_SKIP() << "no " << digits.string();
  const ImportedModel model = import_model({digits.string()});
  CompileOptions options;
  options.fp16 = way.fp16;
  options.timing = way.timing;
  if (!way.vendors) options.exclude_rows = {"cudnn.", "cublaslt."};
  const Plan plan = compile(model.graph, target(), options, way.timing ? device_.get() : nullptr);
  std::cout << plan.describe(false) << std::flush;
  EngineOptions trusting;
  trusting.trust = true;
  const auto engine = Engine::create(plan, device_, trusting);
  for (const std::string& message : engine->messages()) std::cout << message << "\n";
  for (const RecorderKind kind : {RecorderKind::kReplay, RecorderKind::kEager})
    for (const int64_t n : {int64_t{1}, int64_t{3}, int64_t{64}}) {
      Tensor pictures(DType::kU8, {n, 28, 28, 1});
      std::mt19937 random(static_cast<unsigned>(n));
      for (uint8_t& v : pictures.as_mutable<uint8_t>()) v = static_cast<uint8_t>(random() % 256);
      const auto context = engine->create_context();
      context->set_recorder(kind);
      const auto got = context->run({{"data", pictures}});
      const auto want = evaluate_reference(model.graph, {{"data", pictures}});
      ASSERT_EQ(got.size(), want.size());
      const Tensor& a = got.begin()->second;
      ASSERT_EQ(a.count(), want[0].count());
      for (int64_t k = 0; k < a.count(); ++k)
        ASSERT_NEAR(a.at(k), want[0].at(k), way.fp16 ? 2e-2 : 1e-4) << "at " << k << ", N=" << n;
      if (n == 64) std::cout << context->recorded();
    }
}

// Contexts bound and run by several threads at once while another calls `disturb` again and again:
// every answer is right, and none is refused.
void bind_at_once(const std::shared_ptr<Device>& device, const Target& target,
                  const std::function<void()>& disturb) {
  const auto digits = test::examples_folder() / "digits" / "digits.tar.gz";
  if (!std::filesystem::exists(digits)) GTEST_SKIP() << "no " << digits.string();
  const ImportedModel model = import_model({digits.string()});
  CompileOptions options;
  options.timing = false;
  options.exclude_rows = {"cuda.conv", "cuda.gemm"};  // so that libraries have steps
  const Plan plan = compile(model.graph, target, options, nullptr);
  const auto engine = Engine::create(plan, device);
  Tensor picture(DType::kU8, {1, 28, 28, 1});
  std::mt19937 random(7);
  for (uint8_t& v : picture.as_mutable<uint8_t>()) v = static_cast<uint8_t>(random() % 256);
  const std::vector<Tensor> want = evaluate_reference(model.graph, {{"data", picture}});
  std::atomic<int> wrong{0};
  std::atomic<bool> done{false};
  const auto serve = [&] {
    for (int round = 0; round < 12; ++round) {
      const int64_t n = 1 + round % 4;
      Tensor pictures(DType::kU8, {n, 28, 28, 1});
      for (int64_t k = 0; k < n; ++k)
        std::memcpy(pictures.as_mutable<uint8_t>().data() + k * 784, picture.data(), 784);
      try {
        const auto context = engine->create_context();
        const auto got = context->run({{"data", pictures}});
        for (int64_t k = 0; k < 10 * n; ++k)
          wrong += std::abs(got.begin()->second.at(k) - want[0].at(k % 10)) > 1e-3;
      } catch (const Error& error) {
        ++wrong;
        std::cout << error.full() << std::endl;
      }
    }
  };
  std::thread disturber([&] {
    static_cast<cuda::CudaDevice&>(*device).make_current();
    while (!done) {
      disturb();
      std::this_thread::sleep_for(std::chrono::microseconds(300));
    }
  });
  std::vector<std::thread> threads;
  for (int k = 0; k < 4; ++k) threads.emplace_back(serve);
  for (std::thread& t : threads) t.join();
  done = true;
  disturber.join();
  EXPECT_EQ(wrong, 0);
}

template <typename... Args>
auto driver(const char* name) {
  return reinterpret_cast<int (*)(Args...)>(dlsym(dlopen("libcuda.so.1", RTLD_NOW), name));
}

// Beside what threads of a server do with streams and memory of their own.
TEST_F(GpuThreads, BindAtOnce) {
  const auto allocate = driver<unsigned long long*, size_t>("cuMemAlloc_v2");
  const auto release = driver<unsigned long long>("cuMemFree_v2");
  const auto fill = driver<unsigned long long, unsigned char, size_t>("cuMemsetD8_v2");
  bind_at_once(device_, target(), [&] {
    unsigned long long memory = 0;
    ASSERT_EQ(allocate(&memory, 1 << 20), 0);
    EXPECT_EQ(fill(memory, 1, 1 << 20), 0);
    EXPECT_EQ(release(memory), 0);
  });
}

// A wait for the whole device ends captures, and drivers have crashed in it while another thread
// captured; without graphs nothing is captured.
TEST_F(GpuThreads, WithoutGraphsTheDeviceMayBeWaitedFor) {
  ASSERT_EQ(setenv("TENFOLD_CUDA_GRAPH", "off", 1), 0);
  const auto synchronize = driver<>("cuCtxSynchronize");
  bind_at_once(device_, target(), [&] { EXPECT_EQ(synchronize(), 0); });
  unsetenv("TENFOLD_CUDA_GRAPH");
}

INSTANTIATE_TEST_SUITE_P(, GpuPlans,
                         ::testing::Values(Way{"own_f32", false, false, false},
                                           Way{"own_f16", true, false, false},
                                           Way{"own_f16_timed", true, true, false},
                                           Way{"all_f32_timed", false, true, true},
                                           Way{"all_f16_timed", true, true, true}),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace tenfold
