// The calls of cuBLAS and cuDNN that plugins make.
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "cublas_v2.h"
#include "cudnn.h"

namespace {

class Blas : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(cublasCreate(&blas_), CUBLAS_STATUS_SUCCESS);
    ASSERT_EQ(cudaStreamCreate(&stream_), cudaSuccess);
    ASSERT_EQ(cublasSetStream(blas_, stream_), CUBLAS_STATUS_SUCCESS);
  }
  void TearDown() override {
    EXPECT_EQ(cublasDestroy(blas_), CUBLAS_STATUS_SUCCESS);
    EXPECT_EQ(cudaStreamDestroy(stream_), cudaSuccess);
  }
  void wait() { ASSERT_EQ(cudaStreamSynchronize(stream_), cudaSuccess); }

  cublasHandle_t blas_ = nullptr;
  cudaStream_t stream_ = nullptr;
};

// [1 3 5]   [1 4]        columns one after the other
// [2 4 6] * [2 5]
//           [3 6]
const std::vector<float> kA = {1, 2, 3, 4, 5, 6}, kB = {1, 2, 3, 4, 5, 6};
const std::vector<float> kAt = {1, 3, 5, 2, 4, 6}, kBt = {1, 4, 2, 5, 3, 6};
const std::vector<float> kAB = {22, 28, 49, 64};

TEST_F(Blas, MultipliesMatricesInTheStreamsOrder) {
  const float one = 1, two = 2, zero = 0;
  for (const bool ta : {false, true})
    for (const bool tb : {false, true}) {
      std::vector<float> c(4, NAN);  // what counts 0 times is not read
      ASSERT_EQ(cublasSgemm(blas_, ta ? CUBLAS_OP_T : CUBLAS_OP_N, tb ? CUBLAS_OP_T : CUBLAS_OP_N,
                            2, 2, 3, &one, ta ? kAt.data() : kA.data(), ta ? 3 : 2,
                            tb ? kBt.data() : kB.data(), tb ? 2 : 3, &zero, c.data(), 2),
                CUBLAS_STATUS_SUCCESS);
      wait();
      EXPECT_EQ(c, kAB);
    }
  std::vector<float> c = {1, 1, 1, 1};
  float alpha = 1;  // read at the call
  cublasSgemm(blas_, CUBLAS_OP_N, CUBLAS_OP_N, 2, 2, 3, &alpha, kA.data(), 2, kB.data(), 3, &two,
              c.data(), 2);
  alpha = 100;
  wait();
  EXPECT_EQ(c, (std::vector<float>{24, 30, 51, 66}));
}

TEST_F(Blas, VectorsAndSums) {
  const float one = 1, two = 2, zero = 0;
  const std::vector<float> x = {1, 10, 100};
  std::vector<float> y(2, NAN), z = {1, 1, 1}, t(6, NAN), r(3);
  cublasSgemv(blas_, CUBLAS_OP_N, 2, 3, &one, kA.data(), 2, x.data(), 1, &zero, y.data(), 1);
  cublasSaxpy(blas_, 3, &two, x.data(), 1, z.data(), 1);
  cublasSscal(blas_, 3, &two, z.data(), 1);
  cublasSgeam(blas_, CUBLAS_OP_T, CUBLAS_OP_N, 3, 2, &one, kA.data(), 2, &zero, nullptr, 3,
              t.data(), 3);
  cublasScopy(blas_, 3, x.data(), 1, r.data(), -1);
  wait();
  EXPECT_EQ(y, (std::vector<float>{531, 642}));
  EXPECT_EQ(z, (std::vector<float>{6, 42, 402}));
  EXPECT_EQ(t, kAt);
  EXPECT_EQ(r, (std::vector<float>{100, 10, 1}));
}

TEST_F(Blas, FailsLikeCublas) {
  const float one = 1;
  float c = 0;
  EXPECT_EQ(
      cublasSgemm(nullptr, CUBLAS_OP_N, CUBLAS_OP_N, 1, 1, 1, &one, &one, 1, &one, 1, &one, &c, 1),
      CUBLAS_STATUS_NOT_INITIALIZED);
  EXPECT_EQ(
      cublasSgemm(blas_, CUBLAS_OP_N, CUBLAS_OP_N, 2, 1, 1, &one, &one, 1, &one, 1, &one, &c, 2),
      CUBLAS_STATUS_INVALID_VALUE);
  EXPECT_EQ(cublasHgemm(blas_, CUBLAS_OP_N, CUBLAS_OP_N, 0, 0, 0, nullptr, nullptr, 1, nullptr, 1,
                        nullptr, nullptr, 1),
            CUBLAS_STATUS_NOT_SUPPORTED);
}

TEST(Dnn, AddsABiasToEveryItem) {
  cudnnHandle_t dnn = nullptr;
  cudnnTensorDescriptor_t bias = nullptr, data = nullptr;
  ASSERT_EQ(cudnnCreate(&dnn), CUDNN_STATUS_SUCCESS);
  ASSERT_EQ(cudnnCreateTensorDescriptor(&bias), CUDNN_STATUS_SUCCESS);
  ASSERT_EQ(cudnnCreateTensorDescriptor(&data), CUDNN_STATUS_SUCCESS);
  const auto set = [](cudnnTensorDescriptor_t d, cudnnTensorFormat_t format, int n, int c, int w) {
    return cudnnSetTensor4dDescriptor(d, format, CUDNN_DATA_FLOAT, n, c, 1, w);
  };
  ASSERT_EQ(set(bias, CUDNN_TENSOR_NCHW, 1, 2, 1), CUDNN_STATUS_SUCCESS);
  const std::vector<float> b = {10, 20};
  const float one = 1;
  std::vector<float> c = {1, 2, 3, 4, 5, 6, 7, 8};
  ASSERT_EQ(set(data, CUDNN_TENSOR_NCHW, 2, 2, 2), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(cudnnAddTensor(dnn, &one, bias, b.data(), &one, data, c.data()), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(c, (std::vector<float>{11, 12, 23, 24, 15, 16, 27, 28}));
  ASSERT_EQ(set(data, CUDNN_TENSOR_NHWC, 2, 2, 2), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(cudnnAddTensor(dnn, &one, bias, b.data(), &one, data, c.data()), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(c, (std::vector<float>{21, 32, 33, 44, 25, 36, 37, 48}));
  ASSERT_EQ(set(data, CUDNN_TENSOR_NCHW, 2, 3, 1), CUDNN_STATUS_SUCCESS);
  EXPECT_EQ(cudnnAddTensor(dnn, &one, bias, b.data(), &one, data, c.data()),
            CUDNN_STATUS_BAD_PARAM);
  cudnnDestroyTensorDescriptor(bias);
  cudnnDestroyTensorDescriptor(data);
  cudnnDestroy(dnn);
}

}  // namespace
