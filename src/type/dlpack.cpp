#include "tenfold/dlpack.h"

#include <algorithm>
#include <cstring>

#include "src/base/checked.h"
#include "tenfold/diag.h"

namespace tenfold {
namespace {

constexpr int kMaxRank = 64;

struct Pair {
  DType dtype;
  uint8_t code;
};
constexpr Pair kTypes[] = {
    {DType::kF64, dlpack::kFloat},
    {DType::kF32, dlpack::kFloat},
    {DType::kF16, dlpack::kFloat},
    {DType::kBF16, dlpack::kBFloat},
    {DType::kI8, dlpack::kInt},
    {DType::kI16, dlpack::kInt},
    {DType::kI32, dlpack::kInt},
    {DType::kI64, dlpack::kInt},
    {DType::kI2, dlpack::kInt},
    {DType::kI4, dlpack::kInt},
    {DType::kU2, dlpack::kUInt},
    {DType::kU4, dlpack::kUInt},
    {DType::kU8, dlpack::kUInt},
    {DType::kU16, dlpack::kUInt},
    {DType::kU32, dlpack::kUInt},
    {DType::kU64, dlpack::kUInt},
    {DType::kBool, dlpack::kBool},
    {DType::kC64, dlpack::kComplex},
    {DType::kC128, dlpack::kComplex},
    {DType::kF8E4M3FN, dlpack::kF8E4M3FN},
    {DType::kF8E4M3FNUZ, dlpack::kF8E4M3FNUZ},
    {DType::kF8E5M2, dlpack::kF8E5M2},
    {DType::kF8E5M2FNUZ, dlpack::kF8E5M2FNUZ},
    {DType::kF8E8M0, dlpack::kF8E8M0},
    {DType::kF4E2M1, dlpack::kF4E2M1},
};

// What an exported tensor needs until it is deleted.
struct Export {
  Tensor tensor;
  Extents dims, strides;
  dlpack::ManagedTensor managed{};
};

Extents dense_strides(const Extents& dims) {
  Extents strides(dims.size(), 1);
  for (size_t k = dims.size(); k-- > 1;)
    strides[k - 1] = checked_mul(strides[k], std::max<int64_t>(dims[k], 1));
  return strides;
}

bool is_dense(const TensorView& v) {
  if (v.strides.empty() || v.count() == 0) return true;
  const Extents dense = dense_strides(v.dims);
  for (size_t k = 0; k < v.dims.size(); ++k)
    if (v.dims[k] != 1 && v.strides[k] != dense[k]) return false;
  return true;
}

DType dtype_of(const dlpack::DataType& t) {
  for (const Pair& p : kTypes)
    if (p.code == t.code && bits_of(p.dtype) == t.bits && t.lanes == 1) return p.dtype;
  throw Error(Code::kUnsupported, "a DLPack tensor of type code " + std::to_string(t.code) + ", " +
                                      std::to_string(t.bits) + " bits, " + std::to_string(t.lanes) +
                                      " lanes");
}

DeviceRef device_of(const dlpack::Device& d) {
  if (d.type == dlpack::kCpu || d.type == dlpack::kCudaHost) return {};
  if (d.type == dlpack::kCuda || d.type == dlpack::kCudaManaged) return {"cuda", d.index};
  throw Error(Code::kUnsupported, "a DLPack tensor on a device of type " + std::to_string(d.type));
}

Tensor dense_copy(const TensorView& v) {
  const int64_t size = bits_of(v.dtype) / 8;
  Tensor result(v.dtype, v.dims);
  auto* to = static_cast<std::byte*>(result.mutable_data());
  Extents index(v.dims.size(), 0);
  for (int64_t n = result.count(); n > 0; --n, to += size) {
    int64_t offset = 0;
    for (size_t k = 0; k < index.size(); ++k) offset += index[k] * v.strides[k];
    std::memcpy(to, static_cast<const std::byte*>(v.data) + offset * size,
                static_cast<size_t>(size));
    for (size_t k = index.size(); k-- > 0;) {
      if (++index[k] < v.dims[k]) break;
      index[k] = 0;
    }
  }
  return result;
}

}  // namespace

dlpack::ManagedTensor* to_dlpack(const Tensor& tensor) {
  if (!tensor.defined()) throw Error(Code::kInvalid, "an undefined tensor has no DLPack form");
  const Pair* type = nullptr;
  for (const Pair& p : kTypes)
    if (p.dtype == tensor.dtype()) type = &p;
  if (!type)
    throw Error(Code::kUnsupported,
                "DLPack has no type for " + std::string(to_string(tensor.dtype())));
  auto held = std::make_unique<Export>();
  held->tensor = tensor;
  held->dims = tensor.dims();
  held->strides = dense_strides(tensor.dims());
  held->managed = {dlpack::kVersion,
                   held.get(),
                   [](dlpack::ManagedTensor* self) { delete static_cast<Export*>(self->context); },
                   dlpack::kReadOnly,
                   {held->tensor.mutable_data(),
                    {dlpack::kCpu, 0},
                    static_cast<int32_t>(held->dims.size()),
                    {type->code, static_cast<uint8_t>(bits_of(type->dtype)), 1},
                    held->dims.data(),
                    held->strides.data(),
                    0}};
  return &held.release()->managed;
}

TensorView dlpack_view(const dlpack::ManagedTensor& tensor) {
  if (tensor.version.major != dlpack::kVersion.major)
    throw Error(Code::kUnsupported,
                "DLPack version " + std::to_string(tensor.version.major) + "; 1 is known");
  const dlpack::View& t = tensor.tensor;
  if (t.rank < 0 || t.rank > kMaxRank || (t.rank > 0 && !t.dims))
    throw Error(Code::kInvalid, "a DLPack tensor of " + std::to_string(t.rank) + " axes");
  TensorView v;
  v.dtype = dtype_of(t.dtype);
  v.device = device_of(t.device);
  v.dims.assign(t.dims, t.dims + t.rank);
  if (t.strides) v.strides.assign(t.strides, t.strides + t.rank);
  (void)v.bytes();  // refuses negative and overflowing extents
  if (v.count() > 0 && !t.data) throw Error(Code::kInvalid, "a DLPack tensor without data");
  const bool dense = is_dense(v);
  if (bits_of(v.dtype) < 8 && ((tensor.flags & dlpack::kPaddedSubByte) || !dense))
    throw Error(Code::kUnsupported, "a DLPack tensor of padded or strided sub-byte elements");
  if (dense) v.strides.clear();
  v.data = t.data ? static_cast<std::byte*>(t.data) + t.byte_offset : nullptr;
  return v;
}

Tensor from_dlpack(dlpack::ManagedTensor* tensor) {
  if (!tensor) throw Error(Code::kInvalid, "no DLPack tensor");
  const std::shared_ptr<const void> owner(tensor, [](const void* p) {
    auto* self = static_cast<dlpack::ManagedTensor*>(const_cast<void*>(p));
    if (self->deleter) self->deleter(self);
  });
  const TensorView v = dlpack_view(*tensor);
  if (v.device != DeviceRef{})
    throw Error(Code::kUnsupported, "a DLPack tensor on " + v.device.str() + ", not on the host");
  if (v.strides.empty()) return Tensor::wrap(v.dtype, v.dims, v.data, owner);
  return dense_copy(v);
}

}  // namespace tenfold
