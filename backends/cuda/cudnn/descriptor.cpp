#include "backends/cuda/cudnn/descriptor.h"

#include <algorithm>

#include "tenfold/diag.h"

namespace tenfold::cuda::cudnn {
namespace {

const CudnnApi& api() {
  const CudnnApi* table = cudnn_api();
  if (!table) throw Error(Code::kUnsupported, cudnn_error());
  return *table;
}

}  // namespace

Descriptor::Descriptor(int kind) {
  check_cudnn(api().create_descriptor(kind, &handle_), "creating a descriptor");
}

Descriptor::~Descriptor() {
  if (handle_) (void)cudnn_api()->destroy_descriptor(handle_);
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(handle_, other.handle_);
  return *this;
}

void Descriptor::set(int attribute, int type, int64_t count, const void* values) {
  const cudnnStatus status = api().set_attribute(handle_, attribute, type, count, values);
  if (status != kSuccess)
    check_cudnn(status, ("setting attribute " + std::to_string(attribute)).c_str());
}

void Descriptor::set_ints(int attribute, std::span<const int64_t> values) {
  set(attribute, kTypeInt64, static_cast<int64_t>(values.size()), values.data());
}

void Descriptor::set_descriptor(int attribute, const Descriptor& other) {
  set(attribute, kTypeDescriptor, 1, &other.handle_);
}

void Descriptor::set_descriptors(int attribute, std::span<const Descriptor> others) {
  std::vector<void*> handles;
  for (const Descriptor& d : others) handles.push_back(d.get());
  set(attribute, kTypeDescriptor, static_cast<int64_t>(handles.size()), handles.data());
}

void Descriptor::finalize() { check_cudnn(api().finalize(handle_), "finalizing a descriptor"); }

int64_t Descriptor::get_int(int attribute) const {
  int64_t value = 0, count = 0;
  check_cudnn(api().get_attribute(handle_, attribute, kTypeInt64, 1, &count, &value),
              "reading an attribute");
  return value;
}

std::vector<int> Descriptor::get_values(int attribute, int type, int most) const {
  std::vector<int> values(static_cast<size_t>(most));
  int64_t count = 0;
  check_cudnn(api().get_attribute(handle_, attribute, type, most, &count, values.data()),
              "reading an attribute");
  values.resize(static_cast<size_t>(std::clamp<int64_t>(count, 0, most)));
  return values;
}

std::vector<Descriptor> Descriptor::get_descriptors(int attribute, int kind, int most) const {
  std::vector<Descriptor> list;
  std::vector<void*> handles;
  for (int k = 0; k < most; ++k) {
    list.emplace_back(kind);
    handles.push_back(list.back().get());
  }
  int64_t count = 0;
  check_cudnn(
      api().get_attribute(handle_, attribute, kTypeDescriptor, most, &count, handles.data()),
      "reading descriptors");
  list.resize(static_cast<size_t>(std::clamp<int64_t>(count, 0, most)));
  return list;
}

int64_t Descriptor::count(int attribute, int type) const {
  int64_t count = 0;
  check_cudnn(api().get_attribute(handle_, attribute, type, 0, &count, nullptr),
              "counting an attribute");
  return count;
}

}  // namespace tenfold::cuda::cudnn
