// Copies and fills.
#include <cstdint>
#include <cstring>
#include <memory>

#include "memory.h"
#include "stream.h"

namespace cuda_host {
namespace {

bool pageable(const void* pointer) {
  return find_allocation(pointer).kind == cudaMemoryTypeUnregistered;
}

thread_local int trusting = 0;

// A device address lies in a known allocation that has room; memory that others allocated (an
// engine's) is believed where it may be named.
bool device_side(const void* pointer, size_t bytes) {
  return pageable(pointer) ? trusting > 0 : inside_allocation(pointer, bytes);
}

// Programs may hand over any number, and only its bytes may be looked at until this is true.
bool known(const cudaMemcpyKind& given) {
  int number = 0;
  std::memcpy(&number, &given, sizeof number);
  return number >= cudaMemcpyHostToHost && number <= cudaMemcpyDefault;
}

cudaError_t check(const void* dst, const void* src, size_t bytes, const cudaMemcpyKind& given) {
  if (!known(given)) return cudaErrorInvalidMemcpyDirection;
  const cudaMemcpyKind kind = given;
  if (bytes == 0) return cudaSuccess;
  if (!dst || !src) return cudaErrorInvalidValue;
  const bool both = kind == cudaMemcpyDeviceToDevice, any = kind == cudaMemcpyDefault;
  const auto wrong = [&](const void* side, bool device) {
    if (any) return !pageable(side) && !inside_allocation(side, bytes);
    return device && !device_side(side, bytes);
  };
  if (wrong(dst, both || kind == cudaMemcpyHostToDevice)) return cudaErrorInvalidValue;
  if (wrong(src, both || kind == cudaMemcpyDeviceToHost)) return cudaErrorInvalidValue;
  return cudaSuccess;
}

cudaError_t copy_async(void* dst, const void* src, size_t bytes, cudaMemcpyKind kind,
                       cudaStream_t stream) {
  const bool from_host = kind != cudaMemcpyDeviceToHost && kind != cudaMemcpyDeviceToDevice;
  const bool to_host = kind != cudaMemcpyHostToDevice && kind != cudaMemcpyDeviceToDevice;
  cudaError_t e = cudaSuccess;
  if (from_host && pageable(src)) {  // the caller may change it once this returns
    const std::shared_ptr<char[]> staged(new char[bytes]);
    std::memcpy(staged.get(), src, bytes);
    e = enqueue(stream, [=] { std::memmove(dst, staged.get(), bytes); });
  } else {
    e = enqueue(stream, [=] { std::memmove(dst, src, bytes); });
  }
  if (e != cudaSuccess) return e;
  return to_host && pageable(dst) ? wait_for_stream(stream) : cudaSuccess;
}

}  // namespace
}  // namespace cuda_host

using cuda_host::report;

namespace {

// `copy(to, from, kind)` for each row of a picture.
template <class Copy>
cudaError_t copy_rows(void* dst, size_t dst_pitch, const void* src, size_t src_pitch, size_t width,
                      size_t height, const cudaMemcpyKind& kind, Copy copy) {
  if (!cuda_host::known(kind)) return report(cudaErrorInvalidMemcpyDirection);
  if (width > dst_pitch || width > src_pitch) return report(cudaErrorInvalidPitchValue);
  if (width == 0 || height == 0) return cudaSuccess;
  const size_t limit = SIZE_MAX / height;
  if (dst_pitch > limit || src_pitch > limit) return report(cudaErrorInvalidValue);
  for (size_t row = 0; row < height; ++row) {
    const cudaError_t e = copy(static_cast<char*>(dst) + row * dst_pitch,
                               static_cast<const char*>(src) + row * src_pitch, kind);
    if (e != cudaSuccess) return e;
  }
  return cudaSuccess;
}

}  // namespace

extern "C" {

cudaError_t cudaMemcpyAsync(void* dst, const void* src, size_t bytes, enum cudaMemcpyKind kind,
                            cudaStream_t stream) {
  const cudaError_t e = cuda_host::check(dst, src, bytes, kind);
  if (e != cudaSuccess) return report(e);
  if (bytes == 0) return cudaSuccess;
  try {
    return cuda_host::copy_async(dst, src, bytes, kind, stream);
  } catch (...) {
    return report(cudaErrorMemoryAllocation);
  }
}

cudaError_t cudaMemcpy(void* dst, const void* src, size_t bytes, enum cudaMemcpyKind kind) {
  const cudaError_t e = cuda_host::check(dst, src, bytes, kind);
  if (e != cudaSuccess) return report(e);
  return cuda_host::enqueue(nullptr, [=] {
    if (bytes > 0) std::memmove(dst, src, bytes);
  });
}

cudaError_t cudaMemcpy2D(void* dst, size_t dst_pitch, const void* src, size_t src_pitch,
                         size_t width, size_t height, enum cudaMemcpyKind kind) {
  return copy_rows(dst, dst_pitch, src, src_pitch, width, height, kind,
                   [=](void* to, const void* from, cudaMemcpyKind way) {
                     return cudaMemcpy(to, from, width, way);
                   });
}

cudaError_t cudaMemcpy2DAsync(void* dst, size_t dst_pitch, const void* src, size_t src_pitch,
                              size_t width, size_t height, enum cudaMemcpyKind kind,
                              cudaStream_t stream) {
  return copy_rows(dst, dst_pitch, src, src_pitch, width, height, kind,
                   [=](void* to, const void* from, cudaMemcpyKind way) {
                     return cudaMemcpyAsync(to, from, width, way, stream);
                   });
}

cudaError_t cudaMemcpyPeerAsync(void* dst, int dst_device, const void* src, int src_device,
                                size_t bytes, cudaStream_t stream) {
  if (dst_device != 0 || src_device != 0) return report(cudaErrorInvalidDevice);
  return cudaMemcpyAsync(dst, src, bytes, cudaMemcpyDeviceToDevice, stream);
}

cudaError_t cudaMemcpyPeer(void* dst, int dst_device, const void* src, int src_device,
                           size_t bytes) {
  return cudaMemcpyPeerAsync(dst, dst_device, src, src_device, bytes, nullptr);
}

// Memory is where it is: both are marks in the stream, no more.
cudaError_t cudaMemPrefetchAsync(const void* pointer, size_t bytes, int device,
                                 cudaStream_t stream) {
  if (device != 0 && device != cudaCpuDeviceId) return report(cudaErrorInvalidDevice);
  if (!cuda_host::inside_allocation(pointer, bytes)) return report(cudaErrorInvalidValue);
  return cuda_host::enqueue(stream, [] {});
}

cudaError_t cudaStreamAttachMemAsync(cudaStream_t stream, void* pointer, size_t bytes,
                                     unsigned int flags) {
  const bool known =
      flags == cudaMemAttachGlobal || flags == cudaMemAttachHost || flags == cudaMemAttachSingle;
  if (!known || !cuda_host::inside_allocation(pointer, bytes)) return report(cudaErrorInvalidValue);
  return cuda_host::enqueue(stream, [] {});
}

cudaError_t cudaMemsetAsync(void* pointer, int value, size_t bytes, cudaStream_t stream) {
  if (bytes == 0) return cudaSuccess;
  if (!pointer || !cuda_host::device_side(pointer, bytes)) return report(cudaErrorInvalidValue);
  return cuda_host::enqueue(stream, [=] { std::memset(pointer, value, bytes); });
}

cudaError_t cudaMemset(void* pointer, int value, size_t bytes) {
  return cudaMemsetAsync(pointer, value, bytes, nullptr);
}

cudaError_t cudaMemset2DAsync(void* pointer, size_t pitch, int value, size_t width, size_t height,
                              cudaStream_t stream) {
  if (width > pitch) return report(cudaErrorInvalidPitchValue);
  if (width == 0 || height == 0) return cudaSuccess;
  if (pitch > SIZE_MAX / height) return report(cudaErrorInvalidValue);
  if (!pointer || !cuda_host::device_side(pointer, pitch * (height - 1) + width))
    return report(cudaErrorInvalidValue);
  return cuda_host::enqueue(stream, [=] {
    for (size_t row = 0; row < height; ++row)
      std::memset(static_cast<char*>(pointer) + row * pitch, value, width);
  });
}

cudaError_t cudaMemset2D(void* pointer, size_t pitch, int value, size_t width, size_t height) {
  return cudaMemset2DAsync(pointer, pitch, value, width, height, nullptr);
}

void tenfold_cuda_host_trust_addresses(int on) { cuda_host::trusting += on ? 1 : -1; }

}  // extern "C"
