// With CUDA. No CUDA library is linked: what few calls are needed are found at run time, those of
// the driver first, since a program may have its CUDA runtime linked in, out of sight. The handles
// of both are the same.
#include "platform.h"

#include <dlfcn.h>

namespace tenfold::trt::platform {
namespace {

template <class Fn>
Fn driver_function(const char* name) {
  static void* const kDriver = dlopen("libcuda.so.1", RTLD_NOW);
  return kDriver ? reinterpret_cast<Fn>(dlsym(kDriver, name)) : nullptr;
}

// The device that the program chose with cudaSetDevice; 0 if it has not used CUDA yet.
int chosen_device() {
  static const auto kOfContext = driver_function<int (*)(int*)>("cuCtxGetDevice");
  static const auto kOfRuntime =
      reinterpret_cast<int (*)(int*)>(dlsym(RTLD_DEFAULT, "cudaGetDevice"));
  int index = 0;
  if (kOfContext && kOfContext(&index) == 0) return index;
  if (kOfRuntime && kOfRuntime(&index) == 0) return index;
  return 0;
}

}  // namespace

std::string_view kind() { return "cuda"; }
bool has_fast_fp16() { return true; }  // every GPU that the backend runs on has tensor cores
std::string notice() { return {}; }
std::shared_ptr<Device> device() { return open_device({"cuda", chosen_device()}); }

bool enqueue(const Log& log, const std::shared_ptr<Device>& device, cudaStream_t stream,
             cudaEvent_t* consumed, std::function<bool(Stream&)> run) {
  Stream native = Stream::from_native(device, stream);
  if (!run(native)) return false;
  if (!consumed) return true;
  static const auto kRecord = driver_function<int (*)(cudaEvent_t, cudaStream_t)>("cuEventRecord");
  const int status = kRecord ? kRecord(*consumed, stream) : -1;
  if (status != 0) log.error("enqueue: inputConsumed: CUDA error " + std::to_string(status));
  return status == 0;
}

void finish() noexcept {
  static const auto kSynchronize = driver_function<int (*)()>("cuCtxSynchronize");
  if (kSynchronize) kSynchronize();
}

void drain() noexcept {}  // enqueue records at once; finish() waits

cudaStream_t current_stream() { return nullptr; }

}  // namespace tenfold::trt::platform
