#include "stream.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "memory.h"

// CUDA's headers leave this type open; here it is the queue itself.
struct CUstream_st {
  CUstream_st(unsigned int flags_, int priority_) : flags(flags_), priority(priority_) {}
  ~CUstream_st() { stop(); }

  // What it throws (no memory, no thread) leaves the stream as it was.
  void push(cuda_host::Work work) {
    std::lock_guard<std::mutex> lock(mutex);
    if (!thread.joinable()) thread = std::thread([this] { serve(); });
    queue.push_back(std::move(work));
    ++given;
    changed.notify_all();
  }
  void wait() {
    std::unique_lock<std::mutex> lock(mutex);
    const uint64_t upto = given;
    changed.wait(lock, [&] { return done >= upto; });
  }
  // What failed since it was asked last.
  cudaError_t take_error() {
    std::lock_guard<std::mutex> lock(mutex);
    return std::exchange(error, cudaSuccess);
  }
  bool idle() {
    std::lock_guard<std::mutex> lock(mutex);
    return done == given;
  }
  // Finishes the work at hand, then ends the thread.
  void stop() {
    {
      std::lock_guard<std::mutex> lock(mutex);
      stopping = true;
      changed.notify_all();
    }
    if (!thread.joinable()) return;
    if (thread.get_id() == std::this_thread::get_id())
      thread.detach();
    else
      thread.join();
  }
  void serve();

  const unsigned int flags;
  const int priority;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<cuda_host::Work> queue;
  uint64_t given = 0, done = 0;
  cudaError_t error = cudaSuccess;
  bool stopping = false;
  std::thread thread;
};

namespace cuda_host {
namespace {

// Handles that are alive; a stream lives on while somebody waits for it. Never destroyed.
struct Streams {
  std::mutex mutex;
  std::set<std::shared_ptr<CUstream_st>, std::owner_less<>> all;
};
Streams& streams() {
  static Streams* const kStreams = new Streams;
  return *kStreams;
}

thread_local CUstream_st* current = nullptr;

bool is_null_stream(cudaStream_t stream) {
  return stream == nullptr || stream == cudaStreamLegacy || stream == cudaStreamPerThread;
}

std::shared_ptr<CUstream_st> find_stream(cudaStream_t stream) {
  std::lock_guard<std::mutex> lock(streams().mutex);
  for (const auto& s : streams().all)
    if (s.get() == stream) return s;
  return nullptr;
}

// Inside a stream's work it waits for nothing: two such works would wait for each other.
void wait_for_streams(bool blocking_only) {
  if (current) return;
  std::vector<std::shared_ptr<CUstream_st>> list;
  {
    std::lock_guard<std::mutex> lock(streams().mutex);
    list.assign(streams().all.begin(), streams().all.end());
  }
  for (const auto& s : list)
    if (!blocking_only || !(s->flags & cudaStreamNonBlocking)) s->wait();
}

cudaError_t create(cudaStream_t* stream, unsigned int flags, int priority) {
  if (!stream || (flags & ~static_cast<unsigned>(cudaStreamNonBlocking)))
    return report(cudaErrorInvalidValue);
  auto made = std::make_shared<CUstream_st>(flags, priority);
  *stream = made.get();
  std::lock_guard<std::mutex> lock(streams().mutex);
  streams().all.insert(std::move(made));
  return cudaSuccess;
}

}  // namespace

cudaError_t enqueue(cudaStream_t stream, Work work) {
  if (is_null_stream(stream)) {
    wait_for_streams(true);
    work();
    return cudaSuccess;
  }
  const auto s = find_stream(stream);
  if (!s) return report(cudaErrorInvalidResourceHandle);
  if (s.get() == current) {
    work();
    return cudaSuccess;
  }
  try {
    s->push(std::move(work));
    return cudaSuccess;
  } catch (...) {
    return report(cudaErrorMemoryAllocation);
  }
}

cudaError_t wait_for_stream(cudaStream_t stream) {
  if (is_null_stream(stream)) {
    wait_for_streams(true);
    return cudaSuccess;
  }
  const auto s = find_stream(stream);
  if (!s) return report(cudaErrorInvalidResourceHandle);
  if (s.get() == current) return cudaSuccess;
  s->wait();
  return report(s->take_error());
}

void wait_for_all_streams() { wait_for_streams(false); }

cudaError_t take_errors() {
  if (current) return cudaSuccess;
  cudaError_t first = cudaSuccess;
  std::lock_guard<std::mutex> lock(streams().mutex);
  for (const auto& s : streams().all)
    if (const cudaError_t error = s->take_error(); first == cudaSuccess) first = error;
  return first;
}

void destroy_all_streams() {
  decltype(Streams::all) ended;
  {
    std::lock_guard<std::mutex> lock(streams().mutex);
    ended.swap(streams().all);
  }
}

}  // namespace cuda_host

void CUstream_st::serve() {
  cuda_host::current = this;
  std::unique_lock<std::mutex> lock(mutex);
  for (;;) {
    changed.wait(lock, [this] { return stopping || !queue.empty(); });
    if (queue.empty()) return;
    cuda_host::Work work = std::move(queue.front());
    queue.pop_front();
    lock.unlock();
    work();
    work = nullptr;  // what it holds goes before it counts as done
    lock.lock();
    ++done;
    changed.notify_all();
  }
}

using cuda_host::report;

extern "C" {

cudaError_t cudaStreamCreate(cudaStream_t* stream) {
  return cuda_host::create(stream, cudaStreamDefault, 0);
}

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned int flags) {
  return cuda_host::create(stream, flags, 0);
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t* stream, unsigned int flags, int priority) {
  return cuda_host::create(stream, flags, priority);
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  std::shared_ptr<CUstream_st> ended = cuda_host::find_stream(stream);
  if (!ended) return report(cudaErrorInvalidResourceHandle);
  if (ended.get() == cuda_host::current) return report(cudaErrorNotPermitted);
  {
    std::lock_guard<std::mutex> lock(cuda_host::streams().mutex);
    cuda_host::streams().all.erase(ended);
  }
  ended->stop();
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return cuda_host::wait_for_stream(stream);
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  if (cuda_host::is_null_stream(stream)) return cudaSuccess;
  const auto s = cuda_host::find_stream(stream);
  if (!s) return report(cudaErrorInvalidResourceHandle);
  return s->idle() ? report(s->take_error()) : cudaErrorNotReady;
}

cudaError_t cudaStreamGetFlags(cudaStream_t stream, unsigned int* flags) {
  const auto s = cuda_host::find_stream(stream);
  if (!flags) return report(cudaErrorInvalidValue);
  if (!s && !cuda_host::is_null_stream(stream)) return report(cudaErrorInvalidResourceHandle);
  *flags = s ? s->flags : cudaStreamDefault;
  return cudaSuccess;
}

cudaError_t cudaStreamGetPriority(cudaStream_t stream, int* priority) {
  const auto s = cuda_host::find_stream(stream);
  if (!priority) return report(cudaErrorInvalidValue);
  if (!s && !cuda_host::is_null_stream(stream)) return report(cudaErrorInvalidResourceHandle);
  *priority = s ? s->priority : 0;
  return cudaSuccess;
}

cudaError_t cudaStreamAddCallback(cudaStream_t stream, cudaStreamCallback_t callback, void* data,
                                  unsigned int flags) {
  if (!callback || flags != 0) return report(cudaErrorInvalidValue);
  return cuda_host::enqueue(stream, [=] { callback(stream, cudaSuccess, data); });
}

cudaError_t cudaLaunchHostFunc(cudaStream_t stream, cudaHostFn_t fn, void* data) {
  if (!fn) return report(cudaErrorInvalidValue);
  return cuda_host::enqueue(stream, [=] { fn(data); });
}

cudaError_t tenfold_cuda_host_enqueue(cudaStream_t stream, void (*fn)(void*), void* data) {
  return cudaLaunchHostFunc(stream, fn, data);
}

void tenfold_cuda_host_fail(cudaError_t error) {
  CUstream_st* const stream = cuda_host::current;
  if (!stream) return;
  std::lock_guard<std::mutex> lock(stream->mutex);
  stream->error = error;
}

cudaStream_t tenfold_cuda_host_current_stream(void) { return cuda_host::current; }

}  // extern "C"
