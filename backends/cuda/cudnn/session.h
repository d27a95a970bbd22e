// What cuDNN keeps for a device: handles, one a thread, and execution plans shared by contexts.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>

#include "backends/cuda/cudnn/engines.h"
#include "backends/cuda/driver/device.h"

namespace tenfold::cuda::cudnn {

// Lives as long as its device. Thread-safe.
class Session : public std::enable_shared_from_this<Session> {
 public:
  static std::shared_ptr<Session> of(CudaDevice& device);
  ~Session();

  // This thread's handle, made at its first call: attach calls it, so that a run finds it. The
  // device's context must be current. Error{kDevice}.
  CudnnHandle handle();
  // The named plan for a bound convolution, built once. If the engine does not take these sizes
  // (the tactic was chosen at others), the best that does, and a note goes to the log.
  std::shared_ptr<const ConvPlan> plan(const Problem& bound, const Tactic& tactic,
                                       const Target& target);

 private:
  struct ThreadHandle;
  void give_back(CudnnHandle handle);
  std::shared_ptr<const ConvPlan> find(const std::string& key);
  std::shared_ptr<const ConvPlan> build(const Problem& bound, const Tactic& tactic,
                                        const Target& target);

  static constexpr size_t kMostPlans = 1024;
  std::mutex mutex_;
  std::vector<CudnnHandle> all_, free_;
  std::map<std::string, std::shared_ptr<const ConvPlan>> plans_;
  std::deque<std::string> order_;   // of plans_, oldest first
};

}  // namespace tenfold::cuda::cudnn
