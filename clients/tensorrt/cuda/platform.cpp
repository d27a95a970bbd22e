// With CUDA. No CUDA library is linked: what few calls are needed are found at run time, those of
// the driver first, since a program may have its CUDA runtime linked in, out of sight. The handles
// of both are the same.
#include "platform.h"

#include <algorithm>

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

constexpr size_t kMostStreams = 8;  // that a context's work is looked for on

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

InFlight::~InFlight() {
  static const auto kDestroy = driver_function<int (*)(void*)>("cuEventDestroy_v2");
  for (const auto& [stream, event] : events_) kDestroy(event);
}

void InFlight::mark(cudaStream_t stream) noexcept {
  constexpr unsigned kWithoutTime = 2;
  static const auto kCapturing =
      driver_function<int (*)(cudaStream_t, int*)>("cuStreamIsCapturing");
  static const auto kCreate = driver_function<int (*)(void**, unsigned)>("cuEventCreate");
  static const auto kRecord = driver_function<int (*)(void*, cudaStream_t)>("cuEventRecord");
  // What the program captures runs when the program launches it.
  int capturing = 0;
  if (kCapturing(stream, &capturing) != 0 || capturing != 0) return;
  auto at = std::find_if(events_.begin(), events_.end(),
                         [&](const auto& e) { return e.first == stream; });
  if (at == events_.end() && events_.size() == kMostStreams) {
    wait();
    at = events_.begin();
    at->first = stream;
  }
  if (at == events_.end()) {
    void* event = nullptr;
    if (kCreate(&event, kWithoutTime) != 0) return;
    at = events_.emplace(at, stream, event);
  }
  kRecord(at->second, stream);
}

void InFlight::wait() noexcept {
  static const auto kSynchronize = driver_function<int (*)(void*)>("cuEventSynchronize");
  for (const auto& [stream, event] : events_) kSynchronize(event);
}

PluginCall::PluginCall() noexcept = default;
PluginCall::~PluginCall() = default;

void drain() noexcept {}  // enqueue records at once; InFlight waits

cudaStream_t current_stream() { return nullptr; }

}  // namespace tenfold::trt::platform
