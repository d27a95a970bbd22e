// The recorders on a GPU: the graph equals eager, rebinding, vendor steps, capture, timing.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>

#include <time.h>

#include "backends/cuda/commands/captured_graph.h"
#include "backends/cuda/commands/recorders.h"
#include "tests/support/cuda_problems.h"
#include "tests/support/gpu_test.h"

namespace tenfold {
namespace {

// A chain: slot 0 -> relu(x + 1) -> slot 1 -> copy -> slot 2 -> relu(x + 1) -> slot 3.
class GpuRecorders : public test::GpuTest {
 protected:
  static constexpr int64_t kCount = 1000;

  void SetUp() override {
    GpuTest::SetUp();
    if (IsSkipped()) return;
    stream_ = device_->create_stream();
    for (int k = 0; k < 6; ++k) {
      buffers_.push_back(device_->allocate(kCount * 4, MemoryKind::kDevice));
      addresses_.push_back(buffers_.back()->data());
      device_->fill(addresses_.back(), 0, kCount * 4, *stream_).or_throw();
    }
    stream_->synchronize().or_throw();
    row_ = find();
    problem_ = Problem::parse(
        "Pointwise(f32[1000]) out0=relu(add(in0,1)) -> f32[1000] | compute=f32 acc=f32 closed");
    state_ = row_->prepare({problem_, "", nullptr, *device_, 1, {}});
    instance_ = row_->attach(state_.get(), {problem_, "", *device_, 1});
  }
  static const Row* find() {
    for (const Row* row : test::cuda_rows())
      if (row->name() == "cuda.pointwise") return row;
    return nullptr;
  }
  void add_one(Recorder& r, uint32_t from, uint32_t to) {
    const Slot in[] = {{from, 0}}, out[] = {{to, 0}};
    row_->record(r, {in, out, {}, {}}, state_.get(), *instance_);
  }
  enum class Middle { kCopy, kForeign, kForeignFill, kUncapturable, kHost };
  std::unique_ptr<Recorder> chain(RecorderKind kind, Middle middle) {
    auto r = device_->create_recorder(kind);
    r->begin(4);
    const uint32_t none[] = {0}, one[] = {1}, two[] = {2};
    r->begin_step(0, {});
    add_one(*r, 0, 1);
    r->begin_step(1, none);
    const Slot pair[] = {{2, 0}, {1, 0}};
    static int host_calls = 0;
    host_calls_ = &host_calls;
    int* counter = &host_calls;
    if (middle == Middle::kHost)
      r->host([](void* const*, const void* data) noexcept { ++**static_cast<int* const*>(data); },
              {}, &counter, sizeof counter);
    if (middle == Middle::kCopy || middle == Middle::kHost)
      r->copy(pair[0], pair[1], kCount * 4);
    else if (middle == Middle::kForeignFill)
      r->foreign(fill_then_copy, pair, &kBytes, sizeof kBytes, true);
    else
      r->foreign(
          [](void* stream, void* const* slots, const void* data) noexcept {
            int64_t bytes = 0;
            std::memcpy(&bytes, data, sizeof bytes);
            return cuda::driver()->memcpy_async(reinterpret_cast<cuda::CUdeviceptr>(slots[0]),
                                                reinterpret_cast<cuda::CUdeviceptr>(slots[1]),
                                                static_cast<size_t>(bytes),
                                                static_cast<cuda::CUstream>(stream));
          },
          pair, &kBytes, sizeof kBytes, middle == Middle::kForeign);
    r->begin_step(2, one);
    add_one(*r, 2, 3);
    r->begin_step(3, two);
    add_one(*r, 3, 3);
    return r;
  }
  float first(void* address) {
    float values[kCount];
    device_->copy_out(values, address, sizeof values, *stream_).or_throw();
    stream_->synchronize().or_throw();
    for (const float v : values) EXPECT_EQ(v, values[0]);
    return values[0];
  }
  void run(Recorder& r) {
    r.launch(*stream_, nullptr).or_throw();
    stream_->synchronize().or_throw();
  }

  // A library's step that clears before it writes.
  static int fill_then_copy(void* stream, void* const* slots, const void* data) noexcept {
    int64_t bytes = 0;
    std::memcpy(&bytes, data, sizeof bytes);
    const auto on = static_cast<cuda::CUstream>(stream);
    const auto dst = reinterpret_cast<cuda::CUdeviceptr>(slots[0]);
    const int result = cuda::driver()->memset8(dst, 0xFF, static_cast<size_t>(bytes), on);
    if (result != cuda::kSuccess) return result;
    return cuda::driver()->memcpy_async(dst, reinterpret_cast<cuda::CUdeviceptr>(slots[1]),
                                        static_cast<size_t>(bytes), on);
  }

  static constexpr int64_t kBytes = kCount * 4;
  std::unique_ptr<NativeStream> stream_;
  std::vector<std::unique_ptr<Buffer>> buffers_;
  std::vector<void*> addresses_;
  const Row* row_ = nullptr;
  Problem problem_;
  std::unique_ptr<RowState> state_;
  std::unique_ptr<RowInstance> instance_;
  int* host_calls_ = nullptr;
};

TEST_F(GpuRecorders, EveryKindGivesTheSame) {
  for (const Middle middle : {Middle::kCopy, Middle::kForeign, Middle::kForeignFill,
                              Middle::kUncapturable, Middle::kHost})
    for (const RecorderKind kind :
         {RecorderKind::kReplay, RecorderKind::kEager, RecorderKind::kTimer}) {
      device_->fill(addresses_[3], 0xFF, kBytes, *stream_).or_throw();
      auto r = chain(kind, middle);
      r->finish(addresses_).or_throw();
      run(*r);
      EXPECT_EQ(first(addresses_[3]), 3.0f) << r->text();
      run(*r);
      EXPECT_EQ(first(addresses_[3]), 3.0f) << r->text();
      if (kind == RecorderKind::kTimer) {
        EXPECT_EQ(r->step_us().size(), 4u);
        for (const double us : r->step_us()) EXPECT_GT(us, 0);
      }
      if (kind == RecorderKind::kReplay) std::cout << r->text();
    }
}

TEST_F(GpuRecorders, RebindsInPlace) {
  for (const Middle middle : {Middle::kCopy, Middle::kForeign, Middle::kForeignFill}) {
    auto r = chain(RecorderKind::kReplay, middle);
    r->finish(addresses_).or_throw();
    run(*r);
    std::vector<float> five(kCount, 5.0f);
    device_->copy_in(addresses_[4], five.data(), kBytes, *stream_).or_throw();
    std::vector<void*> other = addresses_;
    other[0] = addresses_[4];
    other[3] = addresses_[5];
    r->rebind(other).or_throw();
    run(*r);
    EXPECT_EQ(first(addresses_[5]), 8.0f) << r->text();
    std::vector<void*> middle_too = other;  // touches the copy or the vendor step as well
    std::swap(middle_too[1], middle_too[2]);
    r->rebind(middle_too).or_throw();
    run(*r);
    EXPECT_EQ(first(addresses_[5]), 8.0f) << r->text();
    EXPECT_NE(r->text().find("instantiated=1"), std::string::npos) << r->text();
  }
}

// Overlapping memory sets, one after another, in every element size and at uneven places: the graph
// writes the same bytes once they are kernels, and nothing beside them.
TEST_F(GpuRecorders, MemorySetsBecomeKernels) {
  struct Set {
    unsigned at, value, element_size;
    size_t width;
  };
  const Set sets[] = {{0, 0xA5, 1, 3999},         {3, 0x11223344, 1, 1},
                      {1, 0x7B, 1, 14},           {17, 0xC4, 1, 15},
                      {36, 0x11223344, 4, 1},     {44, 0x55667788, 4, 77},
                      {402, 0x0000BEEF, 2, 3},    {410, 0x1234ABCD, 2, 501},
                      {1500, 0xDEADBEEF, 4, 301}, {2999, 0x42, 1, 600}};
  const cuda::DriverApi& api = device_->api();
  const auto stream = static_cast<cuda::CUstream>(stream_->native());
  cuda::CUgraph graph = nullptr;
  cuda::check(api.graph_create(&graph, 0), "create");
  cuda::CUgraphNode last = nullptr;
  for (const Set& set : sets) {
    cuda::MemsetNodeParams p{};
    p.dst = reinterpret_cast<cuda::CUdeviceptr>(addresses_[1]) + set.at;
    p.value = set.element_size == 1   ? set.value & 0xFF
              : set.element_size == 2 ? set.value & 0xFFFF
                                      : set.value;
    p.element_size = set.element_size;
    p.width = set.width;
    p.height = 1;
    cuda::CUgraphNode node = nullptr;
    cuda::check(api.graph_add_memset(&node, graph, &last, last ? 1 : 0, &p, device_->context()),
                "memset");
    last = node;
  }
  const auto written = [&] {
    cuda::GraphInstantiateParams params{};
    cuda::CUgraphExec exec = nullptr;
    cuda::check(api.graph_instantiate(&exec, graph, &params), "instantiate");
    device_->fill(addresses_[1], 0xFF, kBytes, *stream_).or_throw();
    cuda::check(api.graph_launch(exec, stream), "launch");
    std::vector<uint8_t> bytes(kBytes);
    device_->copy_out(bytes.data(), addresses_[1], kBytes, *stream_).or_throw();
    stream_->synchronize().or_throw();
    api.graph_exec_destroy(exec);
    return bytes;
  };
  const std::vector<uint8_t> before = written();
  cuda::FillNodes fills;
  fills.replace(*device_, graph).or_throw();
  EXPECT_EQ(fills.refusal(), "");
  const auto nodes = cuda::nodes_of(api, graph);
  EXPECT_EQ(nodes.size(), std::size(sets));
  for (const cuda::CUgraphNode node : nodes) {
    int type = -1;
    cuda::check(api.graph_node_type(node, &type), "type");
    EXPECT_EQ(type, cuda::kNodeKernel);
  }
  EXPECT_EQ(written(), before);
  api.graph_destroy(graph);
}

TEST_F(GpuRecorders, WaitsForAddresses) {
  auto r = chain(RecorderKind::kReplay, Middle::kForeign);
  std::vector<void*> missing = addresses_;
  missing[0] = nullptr;
  r->finish(missing).or_throw();
  EXPECT_FALSE(r->launch(*stream_, nullptr).ok());
  r->rebind(addresses_).or_throw();
  run(*r);
  EXPECT_EQ(first(addresses_[3]), 3.0f);
}

TEST_F(GpuRecorders, LaunchesUnderACallersCapture) {
  auto r = chain(RecorderKind::kReplay, Middle::kForeign);
  r->finish(addresses_).or_throw();
  const cuda::DriverApi& api = device_->api();
  const auto stream = static_cast<cuda::CUstream>(stream_->native());
  cuda::check(api.stream_begin_capture(stream, cuda::kCaptureThreadLocal), "begin");
  r->launch(*stream_, nullptr).or_throw();
  cuda::CUgraph graph = nullptr;
  cuda::check(api.stream_end_capture(stream, &graph), "end");
  cuda::GraphInstantiateParams params{};
  cuda::CUgraphExec exec = nullptr;
  cuda::check(api.graph_instantiate(&exec, graph, &params), "instantiate");
  device_->fill(addresses_[3], 0xFF, kBytes, *stream_).or_throw();
  cuda::check(api.graph_launch(exec, stream), "launch");
  EXPECT_EQ(first(addresses_[3]), 3.0f);
  api.graph_exec_destroy(exec);
  api.graph_destroy(graph);
}

double thread_cpu_us() {
  timespec t{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) * 1e6 + static_cast<double>(t.tv_nsec) * 1e-3;
}

double median(std::vector<double> v) {
  std::nth_element(v.begin(), v.begin() + static_cast<long>(v.size() / 2), v.end());
  return v[v.size() / 2];
}

// What the cost of a launch depends on: how steps hang together, what they are, and how long the
// thread waited before. Prints; asserts nothing, machines differ.
TEST_F(GpuRecorders, LaunchCostByShape) {
  constexpr uint32_t kSteps = 56;
  enum class Shape { kChain, kBranches, kCopies, kForeign, kForeignBranches };
  const std::pair<Shape, const char*> shapes[] = {
      {Shape::kChain, "chain of kernels"},
      {Shape::kBranches, "kernels, a branch each four"},
      {Shape::kCopies, "chain, every fourth a copy"},
      {Shape::kForeign, "chain of vendor steps"},
      {Shape::kForeignBranches, "vendor steps, branches"}};
  const auto foreign = [&](Recorder& r) {
    const Slot pair[] = {{2, 0}, {1, 0}};
    r.foreign(
        [](void* stream, void* const* slots, const void* data) noexcept {
          int64_t bytes = 0;
          std::memcpy(&bytes, data, sizeof bytes);
          return cuda::driver()->memset8(reinterpret_cast<cuda::CUdeviceptr>(slots[0]), 1,
                                         static_cast<size_t>(bytes),
                                         static_cast<cuda::CUstream>(stream));
        },
        pair, &kBytes, sizeof kBytes, true);
  };
  for (const auto& [shape, name] : shapes) {
    auto r = device_->create_recorder(RecorderKind::kReplay);
    r->begin(6);
    for (uint32_t s = 0; s < kSteps; ++s) {
      const bool branches = shape == Shape::kBranches || shape == Shape::kForeignBranches;
      std::vector<uint32_t> deps;
      if (s > 0) deps.push_back(s - 1);
      if (branches && s % 4 == 2) deps = {s - 2};  // beside the step before
      if (branches && s % 4 == 3) deps = {s - 2, s - 1};
      r->begin_step(s, deps);
      if (shape == Shape::kForeign || shape == Shape::kForeignBranches)
        foreign(*r);
      else if (shape == Shape::kCopies && s % 4 == 3)
        r->copy({3, 0}, {4, 0}, kBytes);
      else
        add_one(*r, s % 4, s % 4);
    }
    r->finish(addresses_).or_throw();
    for (int k = 0; k < 20; ++k) run(*r);
    std::printf("%-30s", name);
    for (const int pause_us : {0, 300, 3000, 30000}) {
      std::vector<double> cpu, wall, cpu_second, wall_second;
      for (int k = 0; k < (pause_us > 5000 ? 20 : 100); ++k) {
        const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(pause_us);
        while (std::chrono::steady_clock::now() < until) stream_->synchronize().or_throw();
        for (auto [c, w] : {std::pair(&cpu, &wall), {&cpu_second, &wall_second}}) {
          const double before = thread_cpu_us();
          const auto from = std::chrono::steady_clock::now();
          r->launch(*stream_, nullptr).or_throw();
          w->push_back(
              std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - from)
                  .count());
          c->push_back(thread_cpu_us() - before);
        }
        stream_->synchronize().or_throw();
      }
      std::printf("  after %d us: cpu %.1f wall %.1f, next cpu %.1f wall %.1f;", pause_us,
                  median(cpu), median(wall), median(cpu_second), median(wall_second));
    }
    std::printf("  %s", r->text().c_str());
    std::fflush(stdout);
  }
}

TEST_F(GpuRecorders, LaunchIsCheapAndCancels) {
  auto r = device_->create_recorder(RecorderKind::kReplay);
  r->begin(2);
  constexpr uint32_t kSteps = 56;
  for (uint32_t s = 0; s < kSteps; ++s) {
    const uint32_t before[] = {s - 1};
    r->begin_step(s, s ? std::span<const uint32_t>(before) : std::span<const uint32_t>());
    add_one(*r, s % 2, 1 - s % 2);
  }
  r->finish(addresses_).or_throw();
  for (int k = 0; k < 20; ++k) run(*r);
  using Clock = std::chrono::steady_clock;
  const auto from = Clock::now();
  for (int k = 0; k < 1000; ++k) r->launch(*stream_, nullptr).or_throw();
  const double host = std::chrono::duration<double, std::micro>(Clock::now() - from).count() / 1000;
  stream_->synchronize().or_throw();
  const double all = std::chrono::duration<double, std::micro>(Clock::now() - from).count() / 1000;
  std::cout << "56 kernels: enqueue " << host << " us of CPU, " << all << " us in all, "
            << all / kSteps << " us a step; " << r->text();
  std::atomic<bool> stop{true};
  EXPECT_EQ(r->launch(*stream_, &stop).code(), Code::kCancelled);
}

}  // namespace
}  // namespace tenfold
