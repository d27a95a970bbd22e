// Events: marks in a stream with the time at which it reached them.
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>

#include "memory.h"
#include "stream.h"

namespace cuda_host {
namespace {

// One recording; an event recorded anew gets a new one, and waits for the old one stay as they
// were.
struct Mark {
  std::mutex mutex;
  std::condition_variable reached_it;
  bool reached = false;
  std::chrono::steady_clock::time_point time;

  void reach() {
    std::lock_guard<std::mutex> lock(mutex);
    time = std::chrono::steady_clock::now();
    reached = true;
    reached_it.notify_all();
  }
  void wait() {
    std::unique_lock<std::mutex> lock(mutex);
    reached_it.wait(lock, [this] { return reached; });
  }
  bool is_reached() {
    std::lock_guard<std::mutex> lock(mutex);
    return reached;
  }
};

}  // namespace
}  // namespace cuda_host

struct CUevent_st {
  unsigned int flags = 0;
  std::shared_ptr<cuda_host::Mark> mark;  // null until recorded
};

namespace cuda_host {
namespace {

struct Events {
  std::mutex mutex;  // also guards every event's mark
  std::set<CUevent_st*> all;
};
Events& events() {
  static Events* const kEvents = new Events;
  return *kEvents;
}

// Calls `fn(event)` under the lock; false for a handle that does not live.
template <class Fn>
bool with_event(cudaEvent_t event, Fn fn) {
  std::lock_guard<std::mutex> lock(events().mutex);
  if (!events().all.count(event)) return false;
  fn(*event);
  return true;
}

bool mark_of(cudaEvent_t event, std::shared_ptr<Mark>* mark, unsigned int* flags = nullptr) {
  return with_event(event, [&](CUevent_st& e) {
    *mark = e.mark;
    if (flags) *flags = e.flags;
  });
}

}  // namespace
}  // namespace cuda_host

using cuda_host::Mark;
using cuda_host::report;

extern "C" {

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned int flags) {
  constexpr unsigned int kKnown =
      cudaEventBlockingSync | cudaEventDisableTiming | cudaEventInterprocess;
  if (!event || (flags & ~kKnown)) return report(cudaErrorInvalidValue);
  *event = new CUevent_st{flags, nullptr};
  std::lock_guard<std::mutex> lock(cuda_host::events().mutex);
  cuda_host::events().all.insert(*event);
  return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t* event) {
  return cudaEventCreateWithFlags(event, cudaEventDefault);
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  std::lock_guard<std::mutex> lock(cuda_host::events().mutex);
  if (!cuda_host::events().all.erase(event)) return report(cudaErrorInvalidResourceHandle);
  delete event;  // its mark lives on in the streams that still have to reach it
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  auto mark = std::make_shared<Mark>();
  if (!cuda_host::with_event(event, [&](CUevent_st& e) { e.mark = mark; }))
    return report(cudaErrorInvalidResourceHandle);
  const cudaError_t e = cuda_host::enqueue(stream, [mark] { mark->reach(); });
  if (e != cudaSuccess) mark->reach();  // nobody may wait for it forever
  return e;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  std::shared_ptr<Mark> mark;
  if (!cuda_host::mark_of(event, &mark)) return report(cudaErrorInvalidResourceHandle);
  if (mark) mark->wait();
  return cudaSuccess;
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  std::shared_ptr<Mark> mark;
  if (!cuda_host::mark_of(event, &mark)) return report(cudaErrorInvalidResourceHandle);
  return !mark || mark->is_reached() ? cudaSuccess : cudaErrorNotReady;
}

cudaError_t cudaEventElapsedTime(float* ms, cudaEvent_t start, cudaEvent_t end) {
  if (!ms) return report(cudaErrorInvalidValue);
  std::shared_ptr<Mark> from, to;
  unsigned int flags[2] = {0, 0};
  if (!cuda_host::mark_of(start, &from, &flags[0]) || !cuda_host::mark_of(end, &to, &flags[1]))
    return report(cudaErrorInvalidResourceHandle);
  if (!from || !to || ((flags[0] | flags[1]) & cudaEventDisableTiming))
    return report(cudaErrorInvalidResourceHandle);
  if (!from->is_reached() || !to->is_reached()) return cudaErrorNotReady;
  *ms = std::chrono::duration<float, std::milli>(to->time - from->time).count();
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int flags) {
  if (flags != 0) return report(cudaErrorInvalidValue);
  std::shared_ptr<Mark> mark;
  if (!cuda_host::mark_of(event, &mark)) return report(cudaErrorInvalidResourceHandle);
  if (!mark) return cudaSuccess;
  return cuda_host::enqueue(stream, [mark] { mark->wait(); });
}

}  // extern "C"
