#include <locale>
#include <sstream>

#include "backends/cuda/commands/recorder_base.h"
#include "backends/cuda/commands/recorders.h"

namespace tenfold::cuda {
namespace {

std::string str(const Slot& slot) {
  if (!slot.valid()) return "none";
  std::string text = "s" + std::to_string(slot.index);
  if (slot.offset != 0) text += "+" + std::to_string(slot.offset);
  return text;
}

std::string str(const Grid& g) {
  return std::to_string(g.x) + "x" + std::to_string(g.y) + "x" + std::to_string(g.z);
}

class LogRecorder final : public RecorderBase {
 public:
  explicit LogRecorder(std::shared_ptr<CudaDevice> device) : RecorderBase(std::move(device)) {}
  Status finish(std::span<void* const>) noexcept override { return failure_; }
  Status rebind(std::span<void* const>) noexcept override {
    ++rebinds_;
    return {};
  }
  Status launch(NativeStream&, const std::atomic<bool>* cancel) noexcept override {
    if (cancel && cancel->load(std::memory_order_relaxed)) return {Code::kCancelled, "cancelled"};
    ++launches_;
    return {};
  }
  std::vector<double> step_us() const override {
    return std::vector<double>(list_.steps().size(), 0.0);
  }

  std::string text() const override {
    std::ostringstream out;
    out.imbue(std::locale::classic());
    for (size_t s = 0; s < list_.steps().size(); ++s) {
      const CommandStep& step = list_.steps()[s];
      out << "step " << s;
      for (size_t k = 0; k < step.deps.size(); ++k) out << (k ? "," : " after ") << step.deps[k];
      out << "\n";
      for (uint32_t k = step.first; k < step.first + step.count; ++k)
        write(out, list_.commands()[k]);
    }
    out << "launches=" << launches_ << " rebinds=" << rebinds_ << "\n";
    return out.str();
  }

 private:
  void write(std::ostringstream& out, const Command& c) const {
    const Slot* slots = list_.slots().data() + c.first_slot;
    switch (c.kind) {
      case Command::Kind::kKernel:
        out << "  kernel " << device_->kernel_name(c.function) << " grid=" << str(c.grid)
            << " block=" << str(c.block) << " shared=" << c.shared_bytes << " args=(";
        for (uint32_t k = 0; k < c.arg_count; ++k) {
          const CommandArg& arg = list_.args()[c.first_arg + k];
          out << (k ? "," : "");
          if (arg.is_pointer)
            out << str(list_.slots()[arg.slot]);
          else
            out << arg.size << "B";
        }
        out << ")\n";
        return;
      case Command::Kind::kCopy:
        out << "  copy " << str(slots[0]) << " <- " << str(slots[1]) << " bytes=" << c.bytes
            << "\n";
        return;
      case Command::Kind::kFill:
        out << "  fill " << str(slots[0]) << " value=" << static_cast<int>(c.value)
            << " bytes=" << c.bytes << "\n";
        return;
      case Command::Kind::kHost:
      case Command::Kind::kForeign:
        out << (c.kind == Command::Kind::kHost ? "  host" : "  foreign")
            << (c.capturable ? "" : " uncapturable") << " slots=(";
        for (uint32_t k = 0; k < c.slot_count; ++k) out << (k ? "," : "") << str(slots[k]);
        out << ") data=" << c.data_size << "B\n";
        return;
    }
  }

  int64_t launches_ = 0, rebinds_ = 0;
};

}  // namespace

std::unique_ptr<Recorder> make_log_recorder(std::shared_ptr<CudaDevice> device) {
  return std::make_unique<LogRecorder>(std::move(device));
}

}  // namespace tenfold::cuda
