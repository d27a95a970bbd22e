// On the CPU: streams are those of clients/cuda_host.
#include "platform.h"

#include <cstdlib>
#include <mutex>
#include <thread>

#include "cuda_runtime_api.h"

namespace tenfold::trt::platform {
namespace {

struct Job {
  std::shared_ptr<Device> device;
  std::function<bool(Stream&)> run;
  std::thread::id caller;
  bool* ran;  // set where the job runs before the caller goes on: on the caller's thread
};

void wait_for_streams() {
  if (!tenfold_cuda_host_current_stream()) cudaDeviceSynchronize();
}

// Work that is in flight when the program ends would outlive what it uses: the end waits for it.
// What is made by the first call of this is taken down after the wait.
void wait_at_exit(std::once_flag& once) {
  std::call_once(once, [] { std::atexit(wait_for_streams); });
}

void run_job(void* data) {
  const std::unique_ptr<Job> job(static_cast<Job*>(data));
  Stream stream = Stream::create(job->device);
  const bool ran = job->run(stream);  // waits for its own work
  if (std::this_thread::get_id() == job->caller)
    *job->ran = ran;
  else if (!ran)
    tenfold_cuda_host_fail(cudaErrorLaunchFailure);
  static std::once_flag first_done;  // by now libraries have made what they keep
  wait_at_exit(first_done);
}

}  // namespace

std::string_view kind() { return "cpu"; }
bool has_fast_fp16() { return false; }

std::string notice() {
  return "Tenfold runs networks on the CPU here (" +
         std::to_string(std::max(1u, std::thread::hardware_concurrency())) +
         " threads), not on a GPU: this program is linked with libtenfold_tensorrt_cpu";
}

std::shared_ptr<Device> device() { return open_device({"cpu", 0}); }

bool enqueue(const Log& log, const std::shared_ptr<Device>& device, cudaStream_t stream,
             cudaEvent_t* consumed, std::function<bool(Stream&)> run) {
  static std::once_flag first;
  wait_at_exit(first);
  bool ran = true;
  auto job = std::make_unique<Job>(Job{device, std::move(run), std::this_thread::get_id(), &ran});
  const cudaError_t error = tenfold_cuda_host_enqueue(stream, run_job, job.get());
  if (error != cudaSuccess) {
    log.error(std::string("enqueue: ") + cudaGetErrorString(error));
    return false;
  }
  static_cast<void>(job.release());  // the stream owns it now
  if (!consumed || !ran) return ran;
  const cudaError_t recorded = cudaEventRecord(*consumed, stream);
  if (recorded != cudaSuccess)
    log.error(std::string("enqueue: inputConsumed: ") + cudaGetErrorString(recorded));
  return recorded == cudaSuccess;
}

// Every run waits for its own work.
InFlight::~InFlight() = default;
void InFlight::mark(cudaStream_t) noexcept {}
void InFlight::wait() noexcept {}

PluginCall::PluginCall() noexcept { tenfold_cuda_host_trust_addresses(1); }
PluginCall::~PluginCall() { tenfold_cuda_host_trust_addresses(0); }

void drain() noexcept { wait_for_streams(); }

cudaStream_t current_stream() { return tenfold_cuda_host_current_stream(); }

}  // namespace tenfold::trt::platform
