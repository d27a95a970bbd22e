// Values without elements, which have no memory: every operation that takes one or makes one.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "tenfold/compile.h"
#include "tenfold/engine.h"
#include "tests/support/random_tensor_support.h"

namespace tenfold {
namespace {

struct Nothing {
  const char* name;
  Extents dims;  // of x, a value inside the graph
  const char* nodes;  // of x, up to z
};

const Nothing kNothings[] = {
    {"slices", {5, 0}, "a, b = Split(x) {axis=1, split=[0,0]}\n z = ReduceSum(b) {}"},
    {"sum_all", {5, 0}, "z = ReduceSum(x) {}"},
    {"sum", {5, 0}, "z = ReduceSum(x) {axes=[1]}"},
    {"sum_of_lines", {3, 0, 5}, "z = ReduceSum(x) {axes=[1], keepdims=0}"},
    {"sum_of_bands", {0, 600}, "z = ReduceSum(x) {axes=[0], keepdims=0}"},
    {"sum_outer", {0, 5}, "z = ReduceSum(x) {axes=[1], keepdims=0}"},
    {"product", {4, 0, 7}, "z = ReduceProd(x) {axes=[1], keepdims=0}"},
    {"norm", {4, 0}, "z = ReduceL2(x) {axes=[1]}"},
    {"softmax", {5, 0}, "z = Softmax(x) {axis=1}"},
    {"softmax_of_bands", {5, 0, 600}, "z = Softmax(x) {axis=1}"},
    {"log_softmax", {0, 5}, "z = LogSoftmax(x) {axis=1}"},
    {"arg_max", {0, 5}, "z = ArgMax(x) {axis=1}"},
    {"lrn", {2, 0, 3, 3}, "z = LRN(x) {size=3}"},
    {"lrn_of_no_picture", {2, 4, 0, 3}, "z = LRN(x) {size=3}"},
    {"join", {5, 0}, "z = Concat(x, x) {axis=1}"},
    {"join_outer", {0, 5}, "z = Concat(x, x) {axis=0}"},
    {"turn", {5, 0, 3}, "a = Relu(x) {}\n z = Transpose(a) {perm=[2,0,1]}"},
    {"reshape", {5, 0, 3}, "z = Reshape(x) {shape=[15,0]}"},
    {"slice", {5, 7}, "a = Slice(x) {starts=[3], ends=[3], axes=[1]}\n z = Relu(a) {}"},
    {"product_of_matrices", {5, 0}, "a = Transpose(x) {perm=[1,0]}\n z = MatMul(x, a) {}"},
    {"no_rows", {0, 5}, "a = Transpose(x) {perm=[1,0]}\n z = MatMul(x, a) {}"},
    {"pointwise", {5, 0}, "a = Add(x, x) {}\n z = Tanh(a) {}"},
    {"global_pool", {0, 4, 3, 3}, "z = GlobalAveragePool(x) {}"},
    {"pool", {2, 0, 6, 6}, "z = MaxPool(x) {kernel=[2,2], strides=[2,2]}"},
    {"pool_average", {0, 2, 6, 6}, "z = AveragePool(x) {kernel=[2,2], strides=[2,2]}"},
};

class Empty : public testing::TestWithParam<std::tuple<Nothing, const char*>> {};

TEST_P(Empty, ValuesAreReadAndWrittenAsTheReferenceDoes) {
  const auto& [nothing, without] = GetParam();
  const Graph graph =
      parse_graph("graph g(i: f32[" + fmt::format("{}", fmt::join(nothing.dims, ",")) +
                  "]) -> z {\n x = Exp(i) {}\n " + nothing.nodes + "\n}\n");
  const Tensor i = test::random_tensor(DType::kF32, nothing.dims, 1);
  const Tensor want = evaluate_reference(graph, {{"i", i}}).at(0);
  CompileOptions options;
  options.timing = false;
  if (*without) options.exclude_rows = {without};
  const Plan plan = compile(graph, Target::parse("cpu"), options);
  const auto engine = Engine::create(plan, open_device({"cpu", 0}));
  const Tensor got = engine->create_context()->run({{"i", i}}).at("z");
  test::expect_close(got, want);
}

INSTANTIATE_TEST_SUITE_P(
    Each, Empty,
    testing::Combine(testing::ValuesIn(kNothings), testing::Values("", "cpu.", "onednn.")),
    [](const auto& info) {
      const std::string without = std::get<1>(info.param);
      return std::string(std::get<0>(info.param).name) +
             (without.empty() ? "" : "_without_" + without.substr(0, without.size() - 1));
    });

}  // namespace
}  // namespace tenfold
