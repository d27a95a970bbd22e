#include "backends/cuda/cudnn/session.h"

#include <algorithm>
#include <array>
#include <semaphore>
#include <thread>

namespace tenfold::cuda::cudnn {

constexpr size_t kMostSessions = 8;
constexpr int kMostBuilders = 16;   // threads that compile at a time

SharedPlan::SharedPlan(ConvPlan plan, const CudaDevice& device) : plan_(std::move(plan)) {
  if (!plan_.runtime_compiled) {
    plan_.finish();
    ready_.store(true, std::memory_order_release);
    return;
  }
  static std::counting_semaphore<kMostBuilders> builders(
      std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, kMostBuilders));
  building_ = std::async(std::launch::async, [this, &device] {
    builders.acquire();
    try {
      device.make_current();
      plan_.finish();
    } catch (...) {
      builders.release();
      throw;
    }
    builders.release();
    ready_.store(true, std::memory_order_release);
  });
}

// The handle a thread holds; goes back when the thread ends, if the session still lives.
struct Session::ThreadHandle {
  std::weak_ptr<Session> session;
  Session* key = nullptr;
  CudnnHandle handle = nullptr;
  ThreadHandle() = default;
  ThreadHandle(const ThreadHandle&) = delete;
  ThreadHandle& operator=(const ThreadHandle&) = delete;
  ~ThreadHandle() { release(); }
  void release() {
    if (const auto alive = session.lock()) alive->give_back(handle);
    session.reset();
    handle = nullptr;
  }
};

std::shared_ptr<Session> Session::of(CudaDevice& device) {
  return std::static_pointer_cast<Session>(
      device.attachment("cudnn", [] { return std::make_shared<Session>(); }));
}

Session::~Session() {
  const std::lock_guard alone(library_mutex());
  plans_.clear();
  for (CudnnHandle handle : all_) (void)cudnn_api()->destroy(handle);
}

CudnnHandle Session::handle() {
  thread_local std::array<ThreadHandle, kMostSessions> held;  // a thread may serve several GPUs
  for (const ThreadHandle& h : held)
    if (h.key == this && h.handle && !h.session.expired()) return h.handle;
  const auto idle = std::find_if(held.begin(), held.end(),
                                 [](const ThreadHandle& h) { return h.session.expired(); });
  ThreadHandle& mine = idle == held.end() ? held.front() : *idle;
  mine.release();
  const std::lock_guard alone(library_mutex());  // making a handle synchronizes the device
  const std::lock_guard lock(mutex_);
  CudnnHandle handle = nullptr;
  if (!free_.empty()) {
    handle = free_.back();
    free_.pop_back();
  } else {
    check_cudnn(cudnn_api()->create(&handle), "creating a handle");
    all_.push_back(handle);
    free_.reserve(all_.size());
  }
  mine.session = weak_from_this();
  mine.key = this;
  mine.handle = handle;
  return handle;
}

void Session::give_back(CudnnHandle handle) {
  const std::lock_guard lock(mutex_);
  if (handle) free_.push_back(handle);
}

std::shared_ptr<const SharedPlan> Session::find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = plans_.find(key);
  return found == plans_.end() ? nullptr : found->second;
}

std::shared_ptr<const SharedPlan> Session::plan(const Problem& bound, const Tactic& tactic,
                                                const CudaDevice& device) {
  const std::string key = tactic + " | " + bound.str();
  if (auto ready = find(key)) return ready;
  auto built = build(bound, tactic, device);
  const std::lock_guard lock(mutex_);
  const auto [at, added] = plans_.emplace(key, built);
  if (!added) return at->second;
  order_.push_back(key);
  if (order_.size() > kMostPlans) {
    plans_.erase(order_.front());
    order_.pop_front();
  }
  return built;
}

std::shared_ptr<const SharedPlan> Session::build(const Problem& bound, const Tactic& tactic,
                                                 const CudaDevice& device) {
  const ConvSpec spec = conv_spec(bound);
  std::string reason;
  const auto attempt = [&](const EngineChoice& choice) -> std::shared_ptr<const SharedPlan> {
    try {
      ConvPlan plan = start_plan(spec, choice, handle(), nullptr);
      if (plan.workspace <= kWorkspaceCap)
        return std::make_shared<SharedPlan>(std::move(plan), device);
      reason = "it asks for " + std::to_string(plan.workspace) + " bytes of scratch";
    } catch (const Error& e) {
      reason = e.what();
    }
    return nullptr;
  };
  if (auto plan = attempt(EngineChoice::parse(tactic))) return plan;
  const std::string first_reason = reason;
  const Descriptor description = describe_device(device.target());
  for (const GraphForm form : graph_forms(spec))
    for (const EngineChoice& choice : find_engines(spec, form, description)) {
      auto plan = attempt(choice);
      if (!plan) continue;
      log(Severity::kNote, "cudnn.conv: '" + tactic + "' does not run " + bound.str() + " (" +
                               first_reason + "); '" + choice.str() + "' does it");
      return plan;
    }
  throw Error(Code::kUnsupported, "cuDNN engine '" + tactic + "' cannot be built: " + first_reason,
              {bound.str()});
}

}  // namespace tenfold::cuda::cudnn
