// With CUDA: the program's own runtime library is found in the process, none is linked.
#include "platform.h"

#include <dlfcn.h>

namespace tenfold::trt::platform {
namespace {

template <class Fn>
Fn runtime_function(const char* name) {
  return reinterpret_cast<Fn>(dlsym(RTLD_DEFAULT, name));
}

// The device that the program chose with cudaSetDevice; 0 without a CUDA runtime.
int chosen_device() {
  static const auto kGetDevice = runtime_function<int (*)(int*)>("cudaGetDevice");
  int index = 0;
  return kGetDevice && kGetDevice(&index) == 0 ? index : 0;
}

}  // namespace

std::string_view kind() { return "cuda"; }
std::string notice() { return {}; }
std::shared_ptr<Device> device() { return open_device({"cuda", chosen_device()}); }

bool enqueue(const Log& log, const std::shared_ptr<Device>& device, cudaStream_t stream,
             cudaEvent_t* consumed, std::function<bool(Stream&)> run) {
  Stream native = Stream::from_native(device, stream);
  if (!run(native)) return false;
  if (!consumed) return true;
  static const auto kRecord =
      runtime_function<int (*)(cudaEvent_t, cudaStream_t)>("cudaEventRecord");
  const int status = kRecord ? kRecord(*consumed, stream) : -1;
  if (status != 0)
    log.error(kRecord ? "enqueue: inputConsumed: CUDA error " + std::to_string(status)
                      : std::string("enqueue: inputConsumed: no CUDA runtime in this process"));
  return status == 0;
}

cudaStream_t current_stream() { return nullptr; }

}  // namespace tenfold::trt::platform
