// DLPack: tensors handed to and taken from other libraries without a copy. The structs have DLPack
// 1.x's layout, so a `DLManagedTensorVersioned*` of any library is a `dlpack::ManagedTensor*` here.
#pragma once

#include "tenfold/tensor.h"

namespace tenfold {
namespace dlpack {

struct Version {
  uint32_t major, minor;
};
inline constexpr Version kVersion{1, 1};

enum DeviceType : int32_t { kCpu = 1, kCuda = 2, kCudaHost = 3, kCudaManaged = 13 };
struct Device {
  int32_t type, index;
};

enum TypeCode : uint8_t {
  kInt = 0,
  kUInt = 1,
  kFloat = 2,
  kBFloat = 4,
  kComplex = 5,
  kBool = 6,
  kF8E4M3FN = 10,
  kF8E4M3FNUZ = 11,
  kF8E5M2 = 12,
  kF8E5M2FNUZ = 13,
  kF8E8M0 = 14,
  kF4E2M1 = 17,
};
struct DataType {
  uint8_t code, bits;
  uint16_t lanes;
};

// `strides` count elements; null means dense row-major. The first element is at data + byte_offset.
struct View {
  void* data;
  Device device;
  int32_t rank;
  DataType dtype;
  int64_t* dims;
  int64_t* strides;
  uint64_t byte_offset;
};

inline constexpr uint64_t kReadOnly = 1, kIsCopied = 2, kPaddedSubByte = 4;
struct ManagedTensor {
  Version version;
  void* context;
  void (*deleter)(ManagedTensor* self);  // may be null
  uint64_t flags;
  View tensor;
};

}  // namespace dlpack

// Shares the bytes, read-only; they live until the taker calls the deleter. Error{kUnsupported} for
// types that DLPack lacks, Error{kInvalid} for an undefined tensor.
dlpack::ManagedTensor* to_dlpack(const Tensor& tensor);

// Takes over a tensor in host memory and calls its deleter once the bytes are no longer used. Dense
// ones are shared, others copied. On an Error (kInvalid: nonsense; kUnsupported: another device,
// type or major version) the deleter has been called too. Trusts the pointers, not the numbers.
Tensor from_dlpack(dlpack::ManagedTensor* tensor);

// A view of a tensor on any device, e.g. for Context::set_address; the caller keeps `tensor` alive.
// Errors as from_dlpack, but nothing is taken over.
TensorView dlpack_view(const dlpack::ManagedTensor& tensor);

}  // namespace tenfold
