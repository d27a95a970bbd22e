// Host tensors and views. Their exchange with other libraries: tenfold/dlpack.h.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "tenfold/type.h"

namespace tenfold {

// Where memory lives: a backend's name ("cpu", "cuda") and an ordinal; by default on the host.
struct DeviceRef {
  std::string kind = "cpu";
  int index = 0;
  std::string str() const;                            // "cpu", "cuda:0"
  static DeviceRef parse(std::string_view text);      // Error{kInvalid} with the accepted forms
  bool operator==(const DeviceRef&) const = default;
};

// A view of memory somebody else owns. Strides count elements; empty strides mean dense row-major.
struct TensorView {
  void* data = nullptr;
  DType dtype = DType::kUndefined;
  Extents dims;
  Extents strides;
  DeviceRef device;
  int64_t count() const { return element_count(dims); }
  int64_t bytes() const { return bytes_for(dtype, count()); }
};

// A dense row-major host tensor with shared ownership, 64-byte aligned. Copies share the bytes;
// treat shared bytes as immutable and call clone() before writing.
class Tensor {
 public:
  Tensor() = default;
  // Uninitialized storage, but zero bits behind the last element. Error{kResource} if the size
  // overflows or exceeds memory.
  Tensor(DType dtype, Extents dims);
  // Views memory kept alive by `owner` (e.g. an mmap); no copy.
  static Tensor wrap(DType dtype, Extents dims, const void* data,
                     std::shared_ptr<const void> owner);
  template <typename T>
  static Tensor of(DType dtype, Extents dims, const std::vector<T>& values);
  static Tensor scalar(DType dtype, double value);
  static Tensor zeros(DType dtype, Extents dims);

  DType dtype() const { return dtype_; }
  const Extents& dims() const { return dims_; }
  int64_t count() const { return element_count(dims_); }
  int64_t bytes() const { return bytes_for(dtype_, count()); }
  bool defined() const { return dtype_ != DType::kUndefined; }
  const void* data() const { return data_; }
  void* mutable_data() { return const_cast<void*>(data_); }
  template <typename T>
  std::span<const T> as() const {
    return {static_cast<const T*>(data_), static_cast<size_t>(count())};
  }
  template <typename T>
  std::span<T> as_mutable() {
    return {static_cast<T*>(mutable_data()), static_cast<size_t>(count())};
  }
  double at(int64_t index) const { return load_element(dtype_, data_, index); }
  Tensor clone() const;
  Tensor reshaped(Extents dims) const;                // shares; Error{kInvalid} if counts differ
  Tensor cast(DType to) const;                        // new storage, rounded to nearest even
  TensorView view() const { return {const_cast<void*>(data_), dtype_, dims_, {}, {}}; }

 private:
  DType dtype_ = DType::kUndefined;
  Extents dims_;
  const void* data_ = nullptr;
  std::shared_ptr<const void> owner_;
};

template <typename T>
Tensor Tensor::of(DType dtype, Extents dims, const std::vector<T>& values) {
  Tensor t(dtype, std::move(dims));
  for (int64_t k = 0; k < t.count() && k < static_cast<int64_t>(values.size()); ++k)
    store_element(dtype, t.mutable_data(), k, static_cast<double>(values[static_cast<size_t>(k)]));
  return t;
}

}  // namespace tenfold
