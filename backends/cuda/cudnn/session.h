// What cuDNN keeps for a device: handles, one a thread, and execution plans shared by contexts.
#pragma once

#include <atomic>
#include <deque>
#include <future>
#include <map>
#include <memory>
#include <mutex>

#include "backends/cuda/cudnn/engines.h"
#include "backends/cuda/driver/device.h"

namespace tenfold::cuda::cudnn {

// A plan that may still be compiling on a thread of its own.
class SharedPlan {
 public:
  SharedPlan(ConvPlan plan, const CudaDevice& device);
  int64_t workspace() const { return plan_.workspace; }
  // The plan, waiting for it where it is not ready yet. Throws what building it threw.
  void* ready() const {
    if (!ready_.load(std::memory_order_acquire)) building_.get();
    return plan_.plan.get();
  }

 private:
  ConvPlan plan_;
  std::atomic<bool> ready_{false};
  std::shared_future<void> building_;  // last: going, it waits for the thread that uses the others
};

// Lives as long as its device. Thread-safe.
class Session : public std::enable_shared_from_this<Session> {
 public:
  static std::shared_ptr<Session> of(CudaDevice& device);
  ~Session();

  // This thread's handle, made at its first call: attach calls it, so that a run finds it. The
  // device's context must be current. Error{kDevice}.
  CudnnHandle handle();
  // The named plan for a bound convolution, built once. If the engine does not take these sizes
  // (the tactic was chosen at others), the best that does, and a note goes to the log. Kernels that
  // cuDNN compiles at run time are compiled by other threads meanwhile.
  std::shared_ptr<const SharedPlan> plan(const Problem& bound, const Tactic& tactic,
                                         const CudaDevice& device);

 private:
  struct ThreadHandle;
  void give_back(CudnnHandle handle);
  std::shared_ptr<const SharedPlan> find(const std::string& key);
  std::shared_ptr<const SharedPlan> build(const Problem& bound, const Tactic& tactic,
                                          const CudaDevice& device);

  static constexpr size_t kMostPlans = 1024;
  std::mutex mutex_;
  std::vector<CudnnHandle> all_, free_;
  std::map<std::string, std::shared_ptr<const SharedPlan>> plans_;
  std::deque<std::string> order_;  // of plans_, oldest first
};

}  // namespace tenfold::cuda::cudnn
