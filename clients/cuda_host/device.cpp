// The one device, and errors.
#include <algorithm>
#include <cstring>
#include <thread>

#include <unistd.h>

#include "memory.h"
#include "stream.h"

namespace cuda_host {
namespace {

thread_local cudaError_t last_error = cudaSuccess;

struct ErrorText {
  cudaError_t error;
  const char* name;
  const char* text;
};
constexpr ErrorText kErrors[] = {
#define TENFOLD_CUDA_ERROR(name, number, text) {name, #name, text},
#include "tenfold_cuda_errors.def"
#undef TENFOLD_CUDA_ERROR
};
const ErrorText* find_error(cudaError_t error) {
  for (const ErrorText& e : kErrors)
    if (e.error == error) return &e;
  return nullptr;
}

int processors() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

}  // namespace

cudaError_t report(cudaError_t error) {
  if (error != cudaSuccess) last_error = error;
  return error;
}

}  // namespace cuda_host

using cuda_host::report;

extern "C" {

cudaError_t cudaSetDevice(int device) {
  return report(device == 0 ? cudaSuccess : cudaErrorInvalidDevice);
}

cudaError_t cudaGetDevice(int* device) {
  if (!device) return report(cudaErrorInvalidValue);
  *device = 0;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceCount(int* count) {
  if (!count) return report(cudaErrorInvalidValue);
  *count = 1;
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp* properties, int device) {
  if (!properties) return report(cudaErrorInvalidValue);
  if (device != 0) return report(cudaErrorInvalidDevice);
  struct cudaDeviceProp p{};
  std::strcpy(p.name, "CPU (Tenfold, without CUDA)");
  size_t free_bytes = 0;
  cudaMemGetInfo(&free_bytes, &p.totalGlobalMem);
  p.warpSize = 1;
  p.maxThreadsPerBlock = 1;
  p.multiProcessorCount = cuda_host::processors();
  p.integrated = p.canMapHostMemory = p.unifiedAddressing = p.managedMemory = 1;
  p.pageableMemoryAccess = p.concurrentManagedAccess = p.canUseHostPointerForRegisteredMem = 1;
  p.concurrentKernels = p.asyncEngineCount = 1;
  p.textureAlignment = 256;
  for (int k = 0; k < 3; ++k) p.maxThreadsDim[k] = p.maxGridSize[k] = 1;
  *properties = p;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, enum cudaDeviceAttr attribute, int device) {
  if (!value) return report(cudaErrorInvalidValue);
  if (device != 0) return report(cudaErrorInvalidDevice);
  switch (attribute) {
    case cudaDevAttrMultiProcessorCount: *value = cuda_host::processors(); break;
    case cudaDevAttrWarpSize:
    case cudaDevAttrMaxThreadsPerBlock:
    case cudaDevAttrMaxThreadsPerMultiProcessor:
    case cudaDevAttrIntegrated:
    case cudaDevAttrCanMapHostMemory:
    case cudaDevAttrConcurrentKernels:
    case cudaDevAttrUnifiedAddressing:
    case cudaDevAttrManagedMemory: *value = 1; break;
    case cudaDevAttrClockRate:
    case cudaDevAttrMemoryClockRate:
    case cudaDevAttrGlobalMemoryBusWidth:
    case cudaDevAttrL2CacheSize:
    case cudaDevAttrKernelExecTimeout:
    case cudaDevAttrEccEnabled:
    case cudaDevAttrComputeMode:
    case cudaDevAttrComputeCapabilityMajor:
    case cudaDevAttrComputeCapabilityMinor: *value = 0; break;
    default: return report(cudaErrorInvalidValue);
  }
  return cudaSuccess;
}

cudaError_t cudaSetDeviceFlags(unsigned int) { return cudaSuccess; }

cudaError_t cudaGetDeviceFlags(unsigned int* flags) {
  if (!flags) return report(cudaErrorInvalidValue);
  *flags = cudaDeviceScheduleAuto | cudaDeviceMapHost;
  return cudaSuccess;
}

cudaError_t cudaChooseDevice(int* device, const struct cudaDeviceProp* wanted) {
  return wanted ? cudaGetDevice(device) : report(cudaErrorInvalidValue);
}

cudaError_t cudaDeviceCanAccessPeer(int* can, int device, int peer) {
  if (!can) return report(cudaErrorInvalidValue);
  if (device != 0 || peer != 0) return report(cudaErrorInvalidDevice);
  *can = 0;
  return cudaSuccess;
}

cudaError_t cudaDeviceEnablePeerAccess(int, unsigned int) { return report(cudaErrorInvalidDevice); }
cudaError_t cudaDeviceDisablePeerAccess(int) { return report(cudaErrorInvalidDevice); }

cudaError_t cudaDeviceGetPCIBusId(char* text, int length, int device) {
  static const char kNone[] = "0000:00:00.0";
  if (!text || length < static_cast<int>(sizeof kNone)) return report(cudaErrorInvalidValue);
  if (device != 0) return report(cudaErrorInvalidDevice);
  std::memcpy(text, kNone, sizeof kNone);
  return cudaSuccess;
}

cudaError_t cudaDeviceSetCacheConfig(enum cudaFuncCache) { return cudaSuccess; }

cudaError_t cudaDeviceGetCacheConfig(enum cudaFuncCache* config) {
  if (!config) return report(cudaErrorInvalidValue);
  *config = cudaFuncCachePreferNone;
  return cudaSuccess;
}

cudaError_t cudaDeviceSetLimit(enum cudaLimit, size_t) { return cudaSuccess; }

cudaError_t cudaDeviceGetLimit(size_t* value, enum cudaLimit) {
  if (!value) return report(cudaErrorInvalidValue);
  *value = 0;
  return cudaSuccess;
}

cudaError_t cudaMemAdvise(const void* pointer, size_t bytes, enum cudaMemoryAdvise, int) {
  return report(cuda_host::inside_allocation(pointer, bytes) ? cudaSuccess : cudaErrorInvalidValue);
}

cudaError_t cudaDeviceSynchronize(void) {
  cuda_host::wait_for_all_streams();
  return report(cuda_host::take_errors());
}

cudaError_t cudaThreadSynchronize(void) { return cudaDeviceSynchronize(); }

cudaError_t cudaDeviceReset(void) {
  if (tenfold_cuda_host_current_stream()) return report(cudaErrorNotPermitted);
  cuda_host::destroy_all_streams();
  cuda_host::free_all();
  return cudaSuccess;
}

cudaError_t cudaThreadExit(void) { return cudaDeviceReset(); }

cudaError_t cudaDeviceGetStreamPriorityRange(int* least, int* greatest) {
  if (least) *least = 0;
  if (greatest) *greatest = 0;
  return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int* version) {
  if (!version) return report(cudaErrorInvalidValue);
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int* version) {
  if (!version) return report(cudaErrorInvalidValue);
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaProfilerStart(void) { return cudaSuccess; }
cudaError_t cudaProfilerStop(void) { return cudaSuccess; }

cudaError_t cudaGetLastError(void) {
  const cudaError_t e = cuda_host::last_error;
  cuda_host::last_error = cudaSuccess;
  return e;
}

cudaError_t cudaPeekAtLastError(void) { return cuda_host::last_error; }

const char* cudaGetErrorString(cudaError_t error) {
  const auto* e = cuda_host::find_error(error);
  return e ? e->text : "unrecognized error code";
}

const char* cudaGetErrorName(cudaError_t error) {
  const auto* e = cuda_host::find_error(error);
  return e ? e->name : "unrecognized error code";
}

}  // extern "C"
