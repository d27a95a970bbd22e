// A compiled network's plan with bytes changed and every checksum made right again: refused, or run
// without touching memory that is not its own (which the sanitizers watch).
#include <algorithm>
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

Tensor weights(const std::string&, const Type& type) {
  Tensor t(type.dtype, const_extents(type.shape));
  for (int64_t k = 0; k < t.count(); ++k)
    t.as_mutable<float>()[static_cast<size_t>(k)] = 0.01F * static_cast<float>(k % 17 - 8);
  return t;
}

Graph small_network() {
  return parse_graph(
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
      weights);
}

// What moves, gathers and reduces: rows that read attributes as places in memory.
Graph moving_network() {
  return parse_graph(
      "graph moves(data: f32[N,4,6,8]) -> m, e, k, u, v, w {\n"
      "  @w1 = f32[4,2,4,4] hash(1)\n"
      "  l, o = Split(data) {axis=1, split=[1,3]}\n"
      "  t = Transpose(data) {perm=[0,3,1,2]} : f32[N,8,4,6]\n"
      "  s = Slice(t) {axes=[1,3], starts=[1,5], ends=[7,0], steps=[2,-1]} : f32[N,3,4,5]\n"
      "  m = Pad(s) {pads=[0,1,2,0,0,0,1,3]}\n"
      "  e = ReduceSum(o) {axes=[2], keepdims=1}\n"
      "  k = ArgMax(data) {axis=1, keepdims=0}\n"
      "  n = LRN(data) {size=3, alpha=0.1, beta=0.75, bias=1.0}\n"
      "  u = ConvTranspose(n, @w1) {kernel=[4,4], strides=[2,2], pads=[1,1,1,1], group=2}\n"
      "  v = AveragePool(n) {kernel=[3,3], strides=[2,2], pads=[1,1,1,1], ceil_mode=1}\n"
      "  w = Concat(l, o, data) {axis=1}\n"
      "}\n",
      weights);
}

// For two batch sizes.
std::vector<std::byte> plan_bytes(const Graph& graph, const Target& target) {
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

void attack(const Graph& graph, int rounds) {
  const std::shared_ptr<Device> device = open_device({"cpu", 0});
  const std::vector<std::byte> whole = plan_bytes(graph, device->target());
  ASSERT_TRUE(ran(whole, device));
  const uint64_t seed = std::random_device{}();
  std::mt19937_64 rng(seed);
  int refused = 0, sound = 0;
  for (int k = 0; k < rounds; ++k) {
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
  EXPECT_GT(refused, rounds / 20) << "seed " << seed;
  EXPECT_GT(sound, rounds / 50) << "seed " << seed;
}

TEST(HostilePlans, ResealedChangesAreRefusedOrRun) { attack(small_network(), 1500); }
TEST(HostilePlans, SoAreThoseOfRowsThatMove) { attack(moving_network(), 1500); }

// Sound references may still let a step write over what it reads.
TEST(HostilePlans, OutputsOverInputsAreRefusedOrRun) {
  const std::shared_ptr<Device> device = open_device({"cpu", 0});
  CompileOptions options;
  options.timing = false;
  Plan plan = compile(parse_graph("graph net(data: f32[2,4,5,5]) -> y {\n"
                                  "  r = Exp(data)\n  l, o = Split(r) {axis=1, split=[1,3]}\n"
                                  "  y = Tanh(o)\n}\n"),
                      device->target(), options);
  Program& program = plan.sections.at(0).programs.at(0);
  const auto split = std::find_if(program.steps.begin(), program.steps.end(),
                                  [](const Step& s) { return s.problem.op == "Split"; });
  ASSERT_NE(split, program.steps.end());
  PlanBuffer& moved = program.buffers.at(split->outputs.at(1).index);
  moved.same_as = {};
  moved.inside = split->inputs.at(0).index;
  moved.axis1_offset = 0;
  try {
    EXPECT_TRUE(ran(plan.serialize(), device));
  } catch (const Error& e) {
    EXPECT_EQ(e.code(), Code::kInvalid) << e.full();
  }
}

}  // namespace
}  // namespace tenfold
