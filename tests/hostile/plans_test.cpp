// A compiled network's plan with bytes changed and every checksum made right again: refused, or run
// without touching memory that is not its own (which the sanitizers watch).
#include <cstring>
#include <random>

#include <gtest/gtest.h>

#include "tenfold/compile.h"
#include "tenfold/engine.h"
#include "tests/plan/reseal_support.cpp"

namespace tenfold {
namespace {

constexpr int64_t kMemory = int64_t{64} << 20;
constexpr int64_t kLargestInput = 1 << 16;

// Convolutions, a concatenation in place, a pooling and a matrix product, for two batch sizes.
std::vector<std::byte> plan_bytes(const Target& target) {
  const Graph graph = parse_graph(
      "graph net(data: f32[N,4,8,8]) -> y {\n"
      "  @w1 = f32[8,4,3,3] hash(1)\n  @b1 = f32[8] hash(2)\n"
      "  @w2 = f32[8,8,1,1] hash(3)\n  @w3 = f32[5,256] hash(4)\n"
      "  a = Conv(data, @w1, @b1) {kernel=[3,3], pads=[1,1,1,1]} : f32[N,8,8,8]\n"
      "  r = Relu(a) : f32[N,8,8,8]\n"
      "  b = Conv(r, @w2) {kernel=[1,1]} : f32[N,8,8,8]\n"
      "  c = Concat(r, b) {axis=1} : f32[N,16,8,8]\n"
      "  p = MaxPool(c) {kernel=[2,2], strides=[2,2]} : f32[N,16,4,4]\n"
      "  f = Flatten(p) {axis=1} : f32[N,256]\n"
      "  g = Gemm(f, @w3) {transB=1} : f32[N,5]\n"
      "  y = Softmax(g) {axis=1} : f32[N,5]\n"
      "}\n",
      [](const std::string&, const Type& type) {
        Tensor t(type.dtype, const_extents(type.shape));
        for (int64_t k = 0; k < t.count(); ++k)
          t.as_mutable<float>()[static_cast<size_t>(k)] = 0.01F * static_cast<float>(k % 17 - 8);
        return t;
      });
  CompileOptions options;
  options.timing = false;
  for (const int64_t n : {1, 4}) {
    Profile profile;
    profile.tune.set("N", n);
    profile.range["N"] = {0, n};
    options.profiles.push_back(profile);
  }
  return compile(graph, target, options).serialize();
}

void change(std::vector<std::byte>& bytes, std::mt19937_64& rng) {
  const size_t at = rng() % bytes.size();
  const auto put = [&](auto value) {
    if (at + sizeof value <= bytes.size()) std::memcpy(&bytes[at], &value, sizeof value);
  };
  static constexpr uint64_t kEdges[] = {0, 1, UINT64_MAX, uint64_t{1} << 63, INT64_MAX, 1 << 16};
  switch (rng() % 5) {
    case 0: bytes[at] ^= std::byte{1} << static_cast<int>(rng() % 8); break;
    case 1: bytes[at] = static_cast<std::byte>(rng()); break;
    case 2: put(static_cast<uint32_t>(kEdges[rng() % 6])); break;
    case 3: put(kEdges[rng() % 6]); break;
    default:  // the next number of a text: dims, axes, pads
      for (size_t k = at; k < bytes.size(); ++k)
        if (std::isdigit(static_cast<unsigned char>(bytes[k]))) {
          bytes[k] = static_cast<std::byte>('0' + rng() % 10);
          break;
        }
  }
}

// Whether the plan loaded and ran.
bool ran(const std::vector<std::byte>& bytes, const std::shared_ptr<Device>& device) {
  EngineOptions options;
  options.threads = 1;
  options.memory_limit = kMemory;
  const auto engine = Engine::create(Plan::deserialize(bytes, {true}), device, options);
  std::map<std::string, Tensor> inputs;
  for (const Binding& b : engine->bindings()) {
    if (!b.is_input) continue;
    Extents dims;
    for (const Dim& d : b.type.shape) dims.push_back(d.is_const() ? d.value() : 2);
    for (const int64_t d : dims)
      if (d < 0 || d > kLargestInput) return false;
    if (element_count(dims) > kLargestInput) return false;
    inputs[b.name] = Tensor::zeros(b.type.dtype, dims);
  }
  const auto context = engine->create_context();
  context->run(inputs);
  for (const std::string& tap : context->taps()) (void)context->read_tap(tap);
  return true;
}

TEST(HostilePlans, ResealedChangesAreRefusedOrRun) {
  const std::shared_ptr<Device> device = open_device({"cpu", 0});
  const std::vector<std::byte> whole = plan_bytes(device->target());
  ASSERT_TRUE(ran(whole, device));
  const uint64_t seed = std::random_device{}();
  std::mt19937_64 rng(seed);
  int refused = 0, sound = 0;
  for (int k = 0; k < 1500; ++k) {
    std::vector<std::byte> bytes = whole;
    for (size_t n = 1 + rng() % 3; n > 0; --n) change(bytes, rng);
    test::reseal(bytes);
    try {
      sound += ran(bytes, device);
    } catch (const Error& e) {
      ++refused;
      EXPECT_NE(e.code(), Code::kInternal) << "seed " << seed << ", " << k << ": " << e.full();
    }
  }
  EXPECT_GT(refused, 100) << "seed " << seed;
  EXPECT_GT(sound, 100) << "seed " << seed;
}

}  // namespace
}  // namespace tenfold
