// DLPack: what is shared, what is copied, what is refused, and that every tensor is given back.
#include "tenfold/dlpack.h"

#include <cstddef>
#include <cstring>

#include <gtest/gtest.h>

#include "tenfold/diag.h"

namespace tenfold::test {
namespace {

using dlpack::ManagedTensor;

static_assert(sizeof(dlpack::View) == 48 && offsetof(dlpack::View, byte_offset) == 40);
static_assert(sizeof(ManagedTensor) == 80 && offsetof(ManagedTensor, tensor) == 32);

// A foreign library's tensor, which counts how often it was deleted.
struct Foreign {
  std::vector<float> data{0, 1, 2, 3, 4, 5};
  Extents dims{2, 3}, strides{3, 1};
  int deleted = 0;
  ManagedTensor managed{};
  Foreign() {
    managed = {{1, 3},
               this,
               [](ManagedTensor* self) { ++static_cast<Foreign*>(self->context)->deleted; },
               0,
               {data.data(),
                {dlpack::kCpu, 0},
                2,
                {dlpack::kFloat, 32, 1},
                dims.data(),
                strides.data(),
                0}};
  }
  Code refused() {
    try {
      from_dlpack(&managed);
    } catch (const Error& e) {
      return e.code();
    }
    return Code::kOk;
  }
};

TEST(DLPack, DenseTensorsAreShared) {
  Foreign f;
  {
    const Tensor t = from_dlpack(&f.managed);
    EXPECT_EQ(t.data(), f.data.data());
    EXPECT_EQ(t.dims(), f.dims);
    const Tensor copy = t;
    EXPECT_EQ(f.deleted, 0);
  }
  EXPECT_EQ(f.deleted, 1);
  f.managed.tensor.strides = nullptr;
  f.managed.tensor.byte_offset = 4;
  f.dims = {5};
  f.managed.tensor.rank = 1;
  EXPECT_EQ(from_dlpack(&f.managed).at(0), 1);
}

TEST(DLPack, StridedTensorsAreCopied) {
  Foreign f;
  f.dims = {3, 2};
  f.strides = {1, 3};
  const Tensor t = from_dlpack(&f.managed);
  EXPECT_EQ(f.deleted, 1);
  for (int64_t k = 0; k < 6; ++k) EXPECT_EQ(t.at(k), k % 2 * 3 + k / 2);
  f.dims = {3};
  f.strides = {-2};
  f.managed.tensor.rank = 1;
  f.managed.tensor.byte_offset = 5 * 4;
  const Tensor back = from_dlpack(&f.managed);
  EXPECT_EQ(back.at(0), 5);
  EXPECT_EQ(back.at(2), 1);
}

TEST(DLPack, WhatIsHandedOutComesBack) {
  const DType types[] = {DType::kF32,  DType::kF16, DType::kBF16,     DType::kU8,    DType::kI64,
                         DType::kBool, DType::kI4,  DType::kF8E4M3FN, DType::kF4E2M1};
  for (const DType type : types) {
    const Tensor t = Tensor::of<double>(type, {3, 1, 2}, {0, 1, 1, 0, 1, 1});
    ManagedTensor* managed = to_dlpack(t);
    EXPECT_EQ(managed->flags, dlpack::kReadOnly);
    EXPECT_EQ(managed->tensor.strides[0], 2);
    const Tensor again = from_dlpack(managed);
    EXPECT_EQ(again.data(), t.data());
    EXPECT_EQ(again.dtype(), type);
    EXPECT_EQ(again.dims(), t.dims());
  }
  ManagedTensor* scalar = to_dlpack(Tensor::scalar(DType::kF64, 4));
  EXPECT_EQ(scalar->tensor.rank, 0);
  EXPECT_EQ(from_dlpack(scalar).at(0), 4);  // outlives the Tensor that it came from
  EXPECT_THROW(to_dlpack(Tensor()), Error);
}

TEST(DLPack, NonsenseIsRefusedAndGivenBack) {
  const auto expect = [](Code code, const auto& spoil) {
    Foreign f;
    spoil(f);
    EXPECT_EQ(f.refused(), code);
    EXPECT_EQ(f.deleted, 1);
  };
  expect(Code::kUnsupported, [](Foreign& f) { f.managed.version.major = 2; });
  expect(Code::kUnsupported, [](Foreign& f) { f.managed.tensor.device.type = 10; });
  expect(Code::kUnsupported, [](Foreign& f) { f.managed.tensor.device.type = dlpack::kCuda; });
  expect(Code::kUnsupported, [](Foreign& f) { f.managed.tensor.dtype.lanes = 4; });
  expect(Code::kUnsupported, [](Foreign& f) { f.managed.tensor.dtype.code = 3; });
  expect(Code::kInvalid, [](Foreign& f) { f.managed.tensor.rank = -1; });
  expect(Code::kInvalid, [](Foreign& f) { f.managed.tensor.rank = 1000; });
  expect(Code::kInvalid, [](Foreign& f) { f.managed.tensor.dims = nullptr; });
  expect(Code::kInvalid, [](Foreign& f) { f.managed.tensor.data = nullptr; });
  expect(Code::kInvalid, [](Foreign& f) { f.dims[0] = -2; });
  expect(Code::kResource, [](Foreign& f) { f.dims = {int64_t{1} << 40, int64_t{1} << 40}; });
  expect(Code::kUnsupported, [](Foreign& f) {
    f.managed.tensor.dtype = {dlpack::kInt, 4, 1};
    f.managed.flags = dlpack::kPaddedSubByte;
  });
}

TEST(DLPack, ViewsKnowTheirDevice) {
  Foreign f;
  f.managed.tensor.device = {dlpack::kCuda, 3};
  f.strides = {1, 2};
  const TensorView v = dlpack_view(f.managed);
  EXPECT_EQ(v.device, (DeviceRef{"cuda", 3}));
  EXPECT_EQ(v.strides, f.strides);
  EXPECT_EQ(f.deleted, 0);
}

}  // namespace
}  // namespace tenfold::test
