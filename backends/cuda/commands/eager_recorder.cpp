#include "backends/cuda/commands/issue.h"
#include "backends/cuda/commands/recorder_base.h"
#include "backends/cuda/commands/recorders.h"

namespace tenfold::cuda {
namespace {

class EagerRecorder final : public RecorderBase {
 public:
  EagerRecorder(std::shared_ptr<CudaDevice> device, bool timed)
      : RecorderBase(std::move(device)), timed_(timed) {}
  ~EagerRecorder() override {
    device_->make_current();
    for (const CUevent event : events_) device_->api().event_destroy(event);
  }

  Status finish(std::span<void* const> addresses) noexcept override {
    if (!failure_.ok()) return failure_;
    guard([&] {
      ours_.clear();
      for (const Command& c : list_.commands()) ours_.push_back(keeps_contract(*device_, c));
    });
    device_->make_current();
    const size_t wanted = timed_ ? list_.steps().size() + 1 : 0;
    guard([&] { events_.reserve(wanted); });
    if (!failure_.ok()) return failure_;
    while (events_.size() < wanted) {
      CUevent event = nullptr;
      const CUresult result = device_->api().event_create(&event, kEventDefault);
      if (result != kSuccess) return status(result, "cuEventCreate");
      events_.push_back(event);
    }
    return list_.resolve(addresses);
  }
  Status rebind(std::span<void* const> addresses) noexcept override {
    return list_.resolve(addresses);
  }

  Status launch(NativeStream& native, const std::atomic<bool>* cancel) noexcept override {
    const auto stream = static_cast<CUstream>(native.native());
    device_->make_current();
    timed_steps_ = 0;
    for (size_t s = 0; s < list_.steps().size(); ++s) {
      if (cancel && cancel->load(std::memory_order_relaxed)) return {Code::kCancelled, "cancelled"};
      if (timed_)
        if (const Status st = mark(s, stream); !st.ok()) return st;
      const CommandStep& step = list_.steps()[s];
      for (uint32_t k = step.first; k < step.first + step.count; ++k) {
        const bool overlap = !timed_ && k > 0 && ours_[k - 1] && ours_[k];
        const Status st = issue(*device_, list_, list_.commands()[k], stream, overlap);
        if (!st.ok()) return st;
      }
    }
    if (!timed_) return {};
    timed_steps_ = list_.steps().size();
    return mark(timed_steps_, stream);
  }

  std::vector<double> step_us() const override {
    std::vector<double> times;
    if (timed_steps_ == 0) return times;
    device_->make_current();
    check(device_->api().event_synchronize(events_[timed_steps_]), "cuEventSynchronize");
    for (size_t s = 0; s < timed_steps_; ++s) {
      float ms = 0;
      check(device_->api().event_elapsed(&ms, events_[s], events_[s + 1]), "cuEventElapsedTime");
      times.push_back(1000.0 * ms);
    }
    return times;
  }
  std::string text() const override {
    return "eager: " + std::to_string(list_.commands().size()) + " commands in " +
           std::to_string(list_.steps().size()) + " steps\n";
  }

 private:
  Status mark(size_t k, CUstream stream) noexcept {
    return status(device_->api().event_record(events_[k], stream), "cuEventRecord");
  }

  bool timed_;
  std::vector<uint8_t> ours_;
  std::vector<CUevent> events_;
  size_t timed_steps_ = 0;
};

}  // namespace

std::unique_ptr<Recorder> make_eager_recorder(std::shared_ptr<CudaDevice> device, bool timed) {
  return std::make_unique<EagerRecorder>(std::move(device), timed);
}

}  // namespace tenfold::cuda
