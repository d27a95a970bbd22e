// The plan half of cublaslt.matmul: which Problems are one matrix product, and which.
#include <gtest/gtest.h>

#include "backends/cuda/cublaslt/matmul_plan.h"

namespace tenfold::cuda {
std::unique_ptr<Row> cublaslt_matmul();
}

namespace tenfold::cuda::cublaslt {
namespace {

Problem parse(const std::string& text) {
  return Problem::parse(text + " | compute=f32 acc=f32 | N in 0..64 at 8");
}
const char* const kPointwise =
    "{dilations=[1,1], group=1, kernel=[1,1], pads=[0,0,0,0], strides=[1,1]}";

Problem close(Problem p, const FormatTuple& f) {
  for (size_t k = 0; k < p.inputs.size(); ++k) p.inputs[k].format = f.inputs.at(k);
  p.outputs[0].format = f.outputs.at(0);
  p.compute = f.compute;
  p.closed = true;
  return p;
}

TEST(CublasLtMatmul, PointwiseConvolutionIsAProductOverPixels) {
  Problem p =
      parse(std::string("Conv(f32[N,60,7,9], @f32[32,60,1,1], @f32[32,1,1], f32[N,32,7,9]) ") +
            kPointwise + " out0=relu(add(add(acc,in2),in3)) -> f32[N,32,7,9]");
  ASSERT_TRUE(check_matmul(p)) << check_matmul(p).reason;
  p = close(p, cublaslt_matmul()->formats(p, {}, {DType::kF16}).at(0));
  ASSERT_TRUE(check_matmul(p)) << check_matmul(p).reason;
  const MatmulSpec s = matmul_spec(p.bind({{"N", 2}}));
  EXPECT_EQ(s.m, 2 * 7 * 9);
  EXPECT_EQ(s.n, 32);
  EXPECT_EQ(s.k, 64);  // padded with zeros
  EXPECT_TRUE(s.transpose_b);
  EXPECT_FALSE(s.transpose_a);
  EXPECT_EQ(s.lda, 64);
  EXPECT_EQ(s.ldd, 32);
  EXPECT_EQ(s.epilogue.bias, 2);
  EXPECT_EQ(s.epilogue.residual, 3);
  EXPECT_TRUE(s.epilogue.relu);
}

TEST(CublasLtMatmul, GemmWithAlphaAndTransposes) {
  Problem p = parse(
      "Gemm(f32[70,N], @f32[33,70], @f32[1,33]) {transA=1, transB=1} "
      "out0=add(mul(acc,0.5),in2) -> f32[N,33]");
  ASSERT_TRUE(check_matmul(p)) << check_matmul(p).reason;
  p = close(p, cublaslt_matmul()->formats(p, {}, {DType::kF32}).at(0));
  const MatmulSpec s = matmul_spec(p.bind({{"N", 5}}));
  EXPECT_EQ(s.m, 5);
  EXPECT_EQ(s.k, 70);
  EXPECT_EQ(s.n, 33);
  EXPECT_EQ(s.lda, 5);
  EXPECT_EQ(s.ldb, 70);
  EXPECT_DOUBLE_EQ(s.epilogue.alpha, 0.5);
  EXPECT_EQ(s.epilogue.bias, 2);
}

TEST(CublasLtMatmul, BatchesAndSharedMatrices) {
  const Problem batched = parse("MatMul(f32[N,4,17,24], f32[N,4,24,40]) -> f32[N,4,17,40]");
  ASSERT_TRUE(check_matmul(batched));
  const MatmulSpec b = matmul_spec(batched.bind({{"N", 3}}));
  EXPECT_EQ(b.batch, 12);
  EXPECT_EQ(b.stride_a, 17 * 24);
  EXPECT_EQ(b.stride_b, 24 * 40);
  EXPECT_EQ(b.stride_d, 17 * 40);
  const Problem shared = parse("MatMul(f32[N,17,64], @f32[64,48]) -> f32[N,17,48]");
  ASSERT_TRUE(check_matmul(shared));
  const MatmulSpec s = matmul_spec(shared.bind({{"N", 3}}));
  EXPECT_EQ(s.batch, 1);
  EXPECT_EQ(s.m, 51);
}

TEST(CublasLtMatmul, RefusalsNameTheirReason) {
  const auto reason = [](const std::string& text) { return check_matmul(parse(text)).reason; };
  EXPECT_NE(reason("MatMul(f32[1,17,24], f32[N,24,40]) -> f32[N,17,40]").find("broadcast"),
            std::string::npos);
  EXPECT_NE(reason("Conv(f32[N,8,9,9], @f32[8,8,3,3]) {dilations=[1,1], group=1, kernel=[3,3], "
                   "pads=[0,0,0,0], strides=[1,1]} -> f32[N,8,7,7]")
                .find("1x1"),
            std::string::npos);
  EXPECT_NE(reason(std::string("Conv(f32[N,8,9,9], @f32[8,8,1,1]) ") + kPointwise +
                   " out0=sigmoid(acc) -> f32[N,8,9,9]")
                .find("epilogue"),
            std::string::npos);
}

TEST(CublasLtMatmul, TacticTexts) {
  EXPECT_EQ(tactic_workspace("algo=66 tile=20 ws=4096"), 4096);
  EXPECT_EQ(tactic_workspace("heuristic=0"), 0);
  EXPECT_THROW((void)tactic_workspace("algo=1 ws=-5"), Error);
  EXPECT_THROW((void)tactic_workspace("algo=1 ws=12x"), Error);
}

}  // namespace
}  // namespace tenfold::cuda::cublaslt
