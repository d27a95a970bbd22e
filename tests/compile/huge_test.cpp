// Extents of 2^32, and axes whose product is: what libraries count in 32 bits is refused before
// they are asked, and something else runs the step, or nothing does and says so.
#include <gtest/gtest.h>

#include "tenfold/compile.h"

namespace tenfold {
namespace {

struct Huge {
  const char* name;
  const char* text;  // of inputs, and of nodes up to y
};

const Huge kHuge[] = {
    {"rows", "x: f32[4294967296,5], w: f32[5,7]) -> y {\n y = MatMul(x, w) {}"},
    {"rows_of_a_symbol",
     "x: f32[N,8192,8192,5], w: f32[5,5]) -> y {\n symbol N in 1..64 at 1\n y = MatMul(x, w) {}"},
    {"batched", "x: f32[65536,65536,5], w: f32[5,7]) -> y {\n y = MatMul(x, w) {}"},
    {"sums", "x: f32[2,4294967296], w: f32[4294967296,7]) -> y {\n y = Gemm(x, w) {}"},
    {"channels", "x: f32[1,4294967296,4,4]) -> y {\n y = MaxPool(x) {kernel=[2,2]}"},
    {"channels_over_all", "x: f32[1,4294967296,4,4]) -> y {\n y = GlobalAveragePool(x) {}"},
    {"mean", "x: f32[1,4294967296,4]) -> y {\n y = ReduceMean(x) {axes=[1]}"},
    {"average", "x: f32[4294967296,1,4,4]) -> y {\n y = AveragePool(x) {kernel=[2,2]}"},
    {"pictures",
     "x: f32[4294967296,3,8,8]) -> y {\n @w = f32[3,4,2,2] fill(1)\n"
     " y = ConvTranspose(x, @w) {strides=[2,2]}"},
    {"lines",
     "x: f32[1,3,4294967296,8]) -> y {\n @w = f32[3,4,2,2] fill(1)\n"
     " y = ConvTranspose(x, @w) {strides=[2,2]}"},
    {"convolved",
     "x: f32[1,3,8,4294967296]) -> y {\n @w = f32[4,3,1,1] fill(1)\n"
     " y = Conv(x, @w) {}"},
    {"elements", "x: f32[65536,65536]) -> y {\n y = Exp(x) {}"},
    {"softmax", "x: f32[2,4294967296]) -> y {\n y = Softmax(x) {axis=1}"},
};

class HugeExtents : public testing::TestWithParam<std::tuple<Huge, const char*>> {};

TEST_P(HugeExtents, AreCompiledOrRefused) {
  const Graph graph = parse_graph(std::string("graph g(") + std::get<0>(GetParam()).text + "\n}\n",
                                  [](const std::string&, const Type& t) {
                                    return Tensor::zeros(t.dtype, const_extents(t.shape));
                                  });
  CompileOptions options;
  options.timing = false;
  try {
    const Plan plan = compile(graph, Target::parse(std::get<1>(GetParam())), options);
    EXPECT_FALSE(plan.sections.empty());
  } catch (const Error& e) {
    EXPECT_TRUE(e.code() == Code::kResource || e.code() == Code::kUnsupported) << e.full();
  }
}

INSTANTIATE_TEST_SUITE_P(Each, HugeExtents,
                         testing::Combine(testing::ValuesIn(kHuge),
                                          testing::Values("cpu", "cuda:h200")),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param).name) +
                                  (std::get<1>(info.param)[1] == 'p' ? "" : "_cuda");
                         });

}  // namespace
}  // namespace tenfold
