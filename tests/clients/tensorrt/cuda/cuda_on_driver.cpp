// The CUDA runtime calls of the test programs on the real driver, found at run time: what a program
// would get from CUDA's own runtime library, which test machines need not have. Device memory,
// streams and events are the driver's own.
#include <cstring>

#include <cuda_runtime_api.h>
#include <dlfcn.h>

namespace {

using Address = unsigned long long;
using Context = void*;

template <class Fn>
Fn* driver(const char* name) {
  static void* const kLibrary = dlopen("libcuda.so.1", RTLD_NOW | RTLD_GLOBAL);
  return kLibrary ? reinterpret_cast<Fn*>(dlsym(kLibrary, name)) : nullptr;
}

thread_local cudaError_t last = cudaSuccess;
cudaError_t report(int status) {  // the driver's numbers are the runtime's
  if (status != 0) last = static_cast<cudaError_t>(status);
  return static_cast<cudaError_t>(status);
}

// The primary context of device 0, current in every thread that calls.
bool ready() {
  static const auto kCurrent = driver<int(Context)>("cuCtxSetCurrent");
  static Context context = [] {
    const auto init = driver<int(unsigned)>("cuInit");
    const auto retain = driver<int(Context*, int)>("cuDevicePrimaryCtxRetain");
    Context made = nullptr;
    if (!init || !retain || init(0) != 0 || retain(&made, 0) != 0) return Context(nullptr);
    return made;
  }();
  return context && kCurrent && kCurrent(context) == 0;
}

// Calls `name` of the driver.
template <class... Args>
cudaError_t call(const char* name, Args... args) {
  if (!ready()) return report(cudaErrorNoDevice);
  const auto fn = driver<int(Args...)>(name);
  return report(fn ? fn(args...) : static_cast<int>(cudaErrorNotSupported));
}

Address address(const void* pointer) { return reinterpret_cast<Address>(pointer); }

}  // namespace

extern "C" {

cudaError_t cudaMalloc(void** pointer, size_t bytes) {
  return call("cuMemAlloc_v2", reinterpret_cast<Address*>(pointer), bytes);
}
cudaError_t cudaFree(void* pointer) {
  return pointer ? call("cuMemFree_v2", address(pointer)) : cudaSuccess;
}
cudaError_t cudaHostAlloc(void** pointer, size_t bytes, unsigned flags) {
  return call("cuMemHostAlloc", pointer, bytes, flags);
}
cudaError_t cudaMallocHost(void** pointer, size_t bytes) {
  return cudaHostAlloc(pointer, bytes, 0);
}
cudaError_t cudaFreeHost(void* pointer) { return call("cuMemFreeHost", pointer); }
cudaError_t cudaHostGetDevicePointer(void** device, void* host, unsigned flags) {
  return call("cuMemHostGetDevicePointer_v2", reinterpret_cast<Address*>(device), host, flags);
}
cudaError_t cudaMemcpy(void* dst, const void* src, size_t bytes, enum cudaMemcpyKind) {
  return call("cuMemcpy", address(dst), address(src), bytes);
}
cudaError_t cudaMemcpyAsync(void* dst, const void* src, size_t bytes, enum cudaMemcpyKind,
                            cudaStream_t stream) {
  return call("cuMemcpyAsync", address(dst), address(src), bytes, stream);
}
cudaError_t cudaMemset(void* pointer, int value, size_t bytes) {
  return call("cuMemsetD8_v2", address(pointer), static_cast<unsigned char>(value), bytes);
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return call("cuStreamCreate", stream, flags);
}
cudaError_t cudaStreamCreate(cudaStream_t* stream) { return cudaStreamCreateWithFlags(stream, 0); }
cudaError_t cudaStreamDestroy(cudaStream_t stream) { return call("cuStreamDestroy_v2", stream); }
cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return call("cuStreamSynchronize", stream);
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  return call("cuEventCreate", event, flags);
}
cudaError_t cudaEventCreate(cudaEvent_t* event) { return cudaEventCreateWithFlags(event, 0); }
cudaError_t cudaEventDestroy(cudaEvent_t event) { return call("cuEventDestroy_v2", event); }
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return call("cuEventRecord", event, stream);
}
cudaError_t cudaEventSynchronize(cudaEvent_t event) { return call("cuEventSynchronize", event); }
cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t start, cudaEvent_t end) {
  return call("cuEventElapsedTime", ms, start, end);
}

cudaError_t cudaSetDevice(int device) {
  if (device != 0) return report(cudaErrorInvalidDevice);
  return ready() ? cudaSuccess : report(cudaErrorNoDevice);
}
cudaError_t cudaGetDevice(int* device) {
  *device = 0;
  return ready() ? cudaSuccess : report(cudaErrorNoDevice);
}
cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp* properties, int device) {
  std::memset(properties, 0, sizeof *properties);
  return call("cuDeviceGetName", properties->name, static_cast<int>(sizeof properties->name),
              device);
}
cudaError_t cudaDeviceSynchronize(void) { return call("cuCtxSynchronize"); }
cudaError_t cudaGetLastError(void) {
  const cudaError_t error = last;
  last = cudaSuccess;
  return error;
}
const char* cudaGetErrorString(cudaError_t error) {
  const char* text = nullptr;
  const auto get = driver<int(int, const char**)>("cuGetErrorString");
  if (!get || get(error, &text) != 0 || !text) return "no CUDA driver or no GPU";
  return text;
}

}  // extern "C"
