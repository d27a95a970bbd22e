// A cuDNN backend descriptor with an owner and typed attributes.
#pragma once

#include <span>
#include <vector>

#include "backends/cuda/cudnn/cudnn_api.h"

namespace tenfold::cuda::cudnn {

// Move-only. Setters and finalize throw as check_cudnn does. A descriptor that others were set into
// must not outlive them: keep them together.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int kind);
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept : handle_(other.handle_) { other.handle_ = nullptr; }
  Descriptor& operator=(Descriptor&& other) noexcept;

  void* get() const { return handle_; }
  explicit operator bool() const { return handle_ != nullptr; }

  void set(int attribute, int type, int64_t count, const void* values);
  void set_value(int attribute, int type, int value) { set(attribute, type, 1, &value); }
  void set_int(int attribute, int64_t value) { set(attribute, kTypeInt64, 1, &value); }
  void set_ints(int attribute, std::span<const int64_t> values);
  void set_bool(int attribute, bool value) { set(attribute, kTypeBoolean, 1, &value); }
  void set_float(int attribute, float value) { set(attribute, kTypeFloat, 1, &value); }
  void set_double(int attribute, double value) { set(attribute, kTypeDouble, 1, &value); }
  void set_descriptor(int attribute, const Descriptor& other);
  void set_descriptors(int attribute, std::span<const Descriptor> others);
  void set_handle(int attribute, CudnnHandle handle) { set(attribute, kTypeHandle, 1, &handle); }
  void finalize();

  int64_t get_int(int attribute) const;
  std::vector<int> get_values(int attribute, int type, int most) const;
  // Up to `most` descriptors of the given kind, or the one that the attribute holds.
  std::vector<Descriptor> get_descriptors(int attribute, int kind, int most) const;
  int64_t count(int attribute, int type) const;  // how many elements it holds

 private:
  void* handle_ = nullptr;
};

}  // namespace tenfold::cuda::cudnn
