// Where networks run: what differs between the library for CUDA and the one for the CPU.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "log.h"
#include "tenfold/engine.h"

namespace tenfold::trt::platform {

std::string_view kind();  // of the backend
bool has_fast_fp16();     // whether permitting FP16 can make engines faster
// What the program should hear once, with severity kWARNING; empty: nothing.
std::string notice();
// The device that the calling thread uses. Error{kDevice, kNotFound}.
std::shared_ptr<Device> device();
// Runs `run` in the order of the program's stream, then records `consumed` (may be null). False,
// with the reason logged, if that fails at once; what fails later is logged by `run` itself.
bool enqueue(const Log& log, const std::shared_ptr<Device>& device, cudaStream_t stream,
             cudaEvent_t* consumed, std::function<bool(Stream&)> run);
// The work that a context has on streams which may be gone by now. Not thread-safe. It waits for
// its own work alone: a wait for the whole device would end what other threads are capturing.
class InFlight {
 public:
  InFlight() = default;
  InFlight(const InFlight&) = delete;
  InFlight& operator=(const InFlight&) = delete;
  ~InFlight();
  // What the context has enqueued on `stream` so far.
  void mark(cudaStream_t stream) noexcept;
  void wait() noexcept;

 private:
  std::vector<std::pair<cudaStream_t, void*>> events_;  // a CUevent a stream
};
// Waits for work that runs after enqueue has returned, unless such work calls.
void drain() noexcept;
// While it lives the calling thread runs a plugin, which may copy from and to an engine's memory.
class PluginCall {
 public:
  PluginCall() noexcept;
  PluginCall(const PluginCall&) = delete;
  PluginCall& operator=(const PluginCall&) = delete;
  ~PluginCall();
};
// The stream that a plugin called on the host is told.
cudaStream_t current_stream();

}  // namespace tenfold::trt::platform
