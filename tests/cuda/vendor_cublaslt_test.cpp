// The plan half of cublaslt.matmul: which Problems are one matrix product, and which.
#include <algorithm>

#include <gtest/gtest.h>

#include "backends/cuda/cublaslt/matmul_plan.h"
#include "backends/cuda/driver/data_sheets.h"

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

// Whether or not the libraries are here: without tf32 in the machine there is nothing to offer.
TEST(VendorRows, OfferTf32WhereTheMachineHasIt) {
  const TypeSet types = {DType::kF32, DType::kTF32};
  const Problem p = parse(std::string("Conv(f32[N,64,7,9], @f32[32,64,1,1]) ") + kPointwise +
                          " -> f32[N,32,7,9]");
  for (const Row* row : {find_row("cublaslt.matmul"), find_row("cudnn.conv")}) {
    ASSERT_NE(row, nullptr);
    const auto offers = [&](const char* gpu) {
      const auto list = row->formats(p, *find_gpu(gpu), types);
      return std::any_of(list.begin(), list.end(),
                         [](const FormatTuple& t) { return t.compute == DType::kTF32; });
    };
    EXPECT_FALSE(offers("t4")) << row->name();
    EXPECT_FALSE(offers("v100")) << row->name();
    EXPECT_TRUE(offers("a100")) << row->name();
  }
  EXPECT_FALSE(has_tf32(*find_gpu("t4")));
}

TEST(CublasLtMatmul, PointwiseConvolutionIsAProductOverPixels) {
  Problem p =
      parse(std::string("Conv(f32[N,60,7,9], @f32[32,60,1,1], @f32[32,1,1], f32[N,32,7,9]) ") +
            kPointwise + " out0=relu(add(add(acc,in2),in3)) -> f32[N,32,7,9]");
  ASSERT_TRUE(check_matmul(p)) << check_matmul(p).reason;
  p = close_problem(p, cublaslt_matmul()->formats(p, {}, {DType::kF16}).at(0));
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

TEST(CublasLtMatmul, SlicesAreMatricesWithLongerRows) {
  const auto conv = [](const std::string& x, const std::string& residual, const std::string& y) {
    Problem p =
        Problem::parse("Conv(f16[4,64,7,9]:" + x +
                       ", @f16[32,64,1,1]:cl, @f16[32,1,1], f16[4,32,7,9]:" + residual + ") " +
                       kPointwise + " out0=relu(add(add(acc,in2),in3)) -> f16[4,32,7,9]:" + y +
                       " | compute=f16 acc=f32 closed");
    return p;
  };
  const Problem p = conv("cl@128", "cl@48", "cl@256");
  ASSERT_TRUE(check_matmul(p)) << check_matmul(p).reason;
  const MatmulSpec s = matmul_spec(p);
  EXPECT_EQ(s.m, 4 * 7 * 9);
  EXPECT_EQ(s.k, 64);
  EXPECT_EQ(s.lda, 128);
  EXPECT_EQ(s.ldb, 64);
  EXPECT_EQ(s.ldc, 48);
  EXPECT_EQ(s.ldd, 256);
  const auto row = cublaslt_matmul();
  EXPECT_EQ(row->in_place(p), -1);
  EXPECT_EQ(row->in_place(conv("cl@128", "cl@48", "cl@48")), 3);
  EXPECT_FALSE(check_matmul(conv("cl", "linear", "cl")));
  // A window over several pixels of a slice has gaps.
  const auto whole = [](const std::string& x) {
    return Problem::parse("Conv(f16[4,16,6,6]:" + x +
                          ", @f16[128,16,6,6]:cl) {dilations=[1,1], group=1, "
                          "kernel=[6,6], pads=[0,0,0,0], strides=[1,1]} -> f16[4,128,1,1]:cl@256 | "
                          "compute=f16 acc=f32 closed");
  };
  EXPECT_TRUE(check_matmul(whole("cl")));
  EXPECT_EQ(matmul_spec(whole("cl")).ldd, 256);
  EXPECT_FALSE(check_matmul(whole("cl@32")));
  const Problem gemm = Problem::parse(
      "Gemm(f16[70,8]:linear@16, @f16[70,32]) {transA=1, transB=0} -> f16[8,32]:linear@64 | "
      "compute=f16 acc=f32 closed");
  ASSERT_TRUE(check_matmul(gemm)) << check_matmul(gemm).reason;
  EXPECT_EQ(matmul_spec(gemm).lda, 16);
  EXPECT_EQ(matmul_spec(gemm).ldd, 64);
  EXPECT_FALSE(
      check_matmul(Problem::parse("MatMul(f16[2,17,64]:linear@32, @f16[64,48]) -> "
                                  "f16[2,17,48] | compute=f16 acc=f32 closed")));
}

TEST(CublasLtMatmul, GemmWithAlphaAndTransposes) {
  Problem p = parse(
      "Gemm(f32[70,N], @f32[33,70], @f32[1,33]) {transA=1, transB=1} "
      "out0=add(mul(acc,0.5),in2) -> f32[N,33]");
  ASSERT_TRUE(check_matmul(p)) << check_matmul(p).reason;
  p = close_problem(p, cublaslt_matmul()->formats(p, {}, {DType::kF32}).at(0));
  const MatmulSpec s = matmul_spec(p.bind({{"N", 5}}));
  EXPECT_EQ(s.m, 5);
  EXPECT_EQ(s.k, 70);
  EXPECT_EQ(s.n, 33);
  EXPECT_EQ(s.lda, 5);
  EXPECT_EQ(s.ldb, 70);
  EXPECT_DOUBLE_EQ(s.epilogue.alpha, 0.5);
  EXPECT_EQ(s.epilogue.bias, 2);
}

TEST(CublasLtMatmul, AlphaMayBeAnAttribute) {
  const Problem p = parse("Gemm(f32[N,70], @f32[70,33]) {alpha=0.5} out0=mul(acc,3) -> f32[N,33]");
  ASSERT_TRUE(check_matmul(p)) << check_matmul(p).reason;
  EXPECT_DOUBLE_EQ(matmul_spec(p.bind({{"N", 5}})).epilogue.alpha, 1.5);
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
