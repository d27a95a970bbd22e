#include "tenfold/tensor.h"

#include <cstring>
#include <new>

#include "src/base/scanner.h"
#include "src/type/convert.h"
#include "tenfold/diag.h"

namespace tenfold {
namespace {

constexpr std::align_val_t kAlignment{64};
constexpr int64_t kMaxBytes = int64_t{1} << 39;  // beyond it, no machine is asked

}  // namespace

std::string DeviceRef::str() const {
  return *this == DeviceRef{} ? kind : kind + ":" + std::to_string(index);
}

DeviceRef DeviceRef::parse(std::string_view text) {
  DeviceRef ref;
  const size_t colon = text.find(':');
  ref.kind = std::string(text.substr(0, colon));
  bool good = is_identifier(ref.kind);
  if (good && colon != std::string_view::npos) {
    const std::string_view digits = text.substr(colon + 1);
    good = !digits.empty() && digits.size() <= 6;
    for (const char c : digits) {
      good = good && c >= '0' && c <= '9';
      ref.index = ref.index * 10 + (c - '0');
      if (!good) break;
    }
  }
  if (!good)
    throw Error(Code::kInvalid,
                "not a device: " + quote(text.substr(0, 64)) +
                    "; give 'auto', 'cpu', 'cuda' or a device's number as in 'cuda:0'");
  return ref;
}

Tensor::Tensor(DType dtype, Extents dims) : dtype_(dtype), dims_(std::move(dims)) {
  const int64_t size = bytes();
  void* memory = nullptr;
  if (size <= kMaxBytes)
    memory = ::operator new(static_cast<size_t>(size > 0 ? size : 1), kAlignment, std::nothrow);
  if (!memory)
    throw Error(Code::kResource, "no memory for a tensor of " + std::to_string(size) + " bytes");
  owner_ = std::shared_ptr<const void>(
      memory, [](const void* p) { ::operator delete(const_cast<void*>(p), kAlignment); });
  data_ = memory;
  // Elements smaller than a byte are stored bit by bit: what is beyond the last must not differ.
  if (size > 0 && bits_of(dtype) % 8 != 0) static_cast<char*>(memory)[size - 1] = 0;
}

Tensor Tensor::wrap(DType dtype, Extents dims, const void* data,
                    std::shared_ptr<const void> owner) {
  Tensor t;
  t.dtype_ = dtype;
  t.dims_ = std::move(dims);
  t.data_ = data;
  t.owner_ = std::move(owner);
  (void)t.bytes();  // refuses sizes that overflow
  return t;
}

Tensor Tensor::scalar(DType dtype, double value) {
  Tensor t = zeros(dtype, {});
  store_element(dtype, t.mutable_data(), 0, value);
  return t;
}

Tensor Tensor::zeros(DType dtype, Extents dims) {
  Tensor t(dtype, std::move(dims));
  std::memset(t.mutable_data(), 0, static_cast<size_t>(t.bytes()));
  return t;
}

Tensor Tensor::clone() const {
  if (!defined()) return {};
  Tensor t(dtype_, dims_);
  if (bytes() > 0) std::memcpy(t.mutable_data(), data_, static_cast<size_t>(bytes()));
  return t;
}

Tensor Tensor::reshaped(Extents dims) const {
  if (element_count(dims) != count())
    throw Error(Code::kInvalid, "a tensor [" + str(to_shape(dims_)) + "] cannot be seen as [" +
                                    str(to_shape(dims)) + "]: their sizes differ");
  Tensor t = *this;
  t.dims_ = std::move(dims);
  return t;
}

Tensor Tensor::cast(DType to) const {
  Tensor t(to, dims_);
  // The last byte of sub-byte types may be partly used: keep its rest defined.
  if (bits_of(to) < 8) std::memset(t.mutable_data(), 0, static_cast<size_t>(t.bytes()));
  convert_elements(dtype_, data_, to, t.mutable_data(), count());
  return t;
}

}  // namespace tenfold
