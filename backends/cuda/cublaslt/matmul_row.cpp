// cublaslt.matmul: Gemm, MatMul and pointwise convolutions by cuBLASLt, with alpha, bias, residual
// and ReLU in its epilogues.
#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <mutex>

#include "backends/cuda/cublaslt/matmul_plan.h"
#include "backends/cuda/driver/data_sheets.h"
#include "backends/cuda/driver/device.h"

namespace tenfold::cuda {
namespace {

using namespace cublaslt;

constexpr size_t kMostTactics = 4;

// The library's handle for a device; its functions take it from any thread.
struct Session {
  CublasLtHandle handle = nullptr;
  Session() { check_cublaslt(cublaslt_api()->create(&handle), "creating a handle"); }
  ~Session() {
    const std::lock_guard alone(library_mutex());
    (void)cublaslt_api()->destroy(handle);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  static std::shared_ptr<Session> of(CudaDevice& device) {
    device.make_current();
    const std::lock_guard alone(library_mutex());  // making a handle synchronizes the device
    return std::static_pointer_cast<Session>(
        device.attachment("cublaslt", [] { return std::make_shared<Session>(); }));
  }
};

// A GPU of this machine that is what the target describes; null when it is elsewhere.
std::shared_ptr<CudaDevice> device_like(const Target& target) {
  for (int k = 0; k < gpu_count(); ++k) {
    try {
      auto device = open_gpu(k);
      if (device->target().name == target.name && device->target().i("cc") == target.i("cc"))
        return device;
    } catch (const Error&) {  // NOLINT: a GPU that does not open is one that is not there
    }
  }
  return nullptr;
}

class MatmulInstance : public RowInstance {
 public:
  std::shared_ptr<Session> session;
  const CudaDevice* device = nullptr;
  std::unique_ptr<MatmulPlan> plan;
  MatmulEpilogue epilogue;
  bool empty = false;

  // Slots: a, b, d, then bias, residual and scratch where present.
  int run(void* stream, void* const* slots) const noexcept {
    device->make_current();
    size_t next = 3;
    const void* bias = epilogue.bias >= 0 ? slots[next++] : nullptr;
    const void* residual = epilogue.residual >= 0 ? slots[next++] : nullptr;
    void* scratch = needs.step_scratch > 0 ? slots[next] : nullptr;
    return plan->run(slots[0], slots[1], slots[2], bias, residual, scratch, stream);
  }
};

int run_instance(void* stream, void* const* slots, const void* data) noexcept {
  const MatmulInstance* instance = nullptr;
  std::memcpy(&instance, data, sizeof(void*));
  return instance->run(stream, slots);
}

class MatmulRow final : public Row {
 public:
  std::string_view name() const override { return "cublaslt.matmul"; }
  std::string_view backend() const override { return "cuda"; }
  std::vector<std::string> patterns() const override {
    return {"Gemm(a, b)", "MatMul(a, b)", "Conv(x, @w)"};
  }
  std::string version(const Target&) const override {
    return cublaslt_api() ? "cublaslt " + cublaslt_api()->version() : "";
  }

  Verdict supports(const Problem& problem, const Target& target) const override {
    if (!cublaslt_api()) return Verdict::no(cublaslt_error());
    if (problem.closed && problem.compute == DType::kTF32)
      if (Verdict v = has_tf32(target); !v) return v;
    return check_matmul(problem);
  }

  std::vector<FormatTuple> formats(const Problem& problem, const Target&,
                                   TypeSet permitted) const override;
  std::vector<Tactic> tactics(const Problem& problem, const Target& target) const override;

  Needs needs(const Problem&, const Tactic& tactic, const Target&) const override {
    Needs n;
    // Unknown until the machine is at hand: then as much as it may take.
    const bool named = tactic.find("ws=") != std::string::npos;
    n.step_scratch = named ? tactic_workspace(tactic) : kWorkspaceCap;
    n.alignment = 256;
    return n;
  }

  bool writes_slices() const override { return true; }
  bool reads_slices() const override { return true; }
  // The library adds a matrix of equal layout to the one that it is stored in.
  int in_place(const Problem& problem) const override {
    const auto epilogue = match_matmul_epilogue(problem);
    const int k = epilogue ? epilogue->residual : -1;
    if (k < 0) return -1;
    const Operand& residual = problem.inputs[static_cast<size_t>(k)];
    return !residual.constant && residual.format == problem.outputs[0].format ? k : -1;
  }
  double estimate(const Problem& problem, const Target& target) const override;
  std::unique_ptr<RowInstance> attach(const RowState*, const AttachArgs& args) const override;

  void record(Commands& commands, const Operands& operands, const RowState*,
              const RowInstance& base) const noexcept override {
    const auto& instance = static_cast<const MatmulInstance&>(base);
    if (instance.empty) return;
    std::array<Slot, 6> slots = {operands.inputs[0], operands.inputs[1], operands.outputs[0]};
    size_t count = 3;
    for (const int index : {instance.epilogue.bias, instance.epilogue.residual})
      if (index >= 0) slots[count++] = operands.inputs[static_cast<size_t>(index)];
    if (instance.needs.step_scratch > 0) slots[count++] = operands.scratch;
    const MatmulInstance* self = &instance;
    commands.foreign(run_instance, {slots.data(), count}, &self, sizeof(void*), true);
  }

 private:
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::vector<Tactic>> tactics_;
};

std::vector<FormatTuple> MatmulRow::formats(const Problem& problem, const Target& target,
                                            TypeSet permitted) const {
  const auto epilogue = match_matmul_epilogue(problem);
  if (!epilogue) return {};
  const bool conv = problem.op == "Conv";
  std::vector<FormatTuple> list;
  const auto add = [&](DType type, DType compute) {
    const Format plain{type, conv ? Layout::channels_last() : Layout::linear()};
    FormatTuple tuple;
    tuple.inputs.assign(problem.inputs.size(), plain);
    tuple.outputs = {plain};
    if (epilogue->bias >= 0) tuple.inputs[static_cast<size_t>(epilogue->bias)] = Format{type, {}};
    if (conv) {
      const Dim& channels = problem.inputs[0].dims[1];
      const int64_t wanted = type == DType::kF16 ? 8 : 4;
      if (channels.is_const() && channels.value() % wanted != 0 && compute != DType::kF32)
        tuple.inputs[0].layout.pad = tuple.inputs[1].layout.pad = static_cast<int32_t>(wanted);
    }
    tuple.compute = compute;
    list.push_back(std::move(tuple));
  };
  if (permitted.contains(DType::kF16)) add(DType::kF16, DType::kF16);
  if (permitted.contains(DType::kF32)) {
    if (permitted.contains(DType::kTF32) && has_tf32(target)) add(DType::kF32, DType::kTF32);
    add(DType::kF32, DType::kF32);
  }
  return list;
}

std::vector<Tactic> MatmulRow::tactics(const Problem& problem, const Target& target) const {
  if (!cublaslt_api()) return {};
  const std::string key = target.str() + " | " + problem.str();
  {
    const std::lock_guard lock(mutex_);
    if (const auto it = tactics_.find(key); it != tactics_.end()) return it->second;
  }
  std::vector<Tactic> list = {"heuristic=0"};
  const MatmulSpec spec = matmul_spec(problem.bind(problem.tuning()));
  if (spec.m * spec.n * spec.k * spec.batch > 0)
    if (const auto device = device_like(target)) {
      try {
        const auto session = Session::of(*device);
        list = MatmulPlan::candidates(session->handle, spec, kMostTactics);
      } catch (const Error& e) {
        log(Severity::kWarning,
            std::string("cublaslt.matmul offers nothing for ") + problem.str() + ": " + e.what());
        list.clear();
      }
    }
  const std::lock_guard lock(mutex_);
  return tactics_.emplace(key, std::move(list)).first->second;
}

// Roofline; products that leave most multiprocessors idle take the time of their reduction.
double MatmulRow::estimate(const Problem& problem, const Target& target) const {
  const Cost cost = cost_of(problem, problem.tuning());
  const MatmulSpec spec = matmul_spec(problem.bind(problem.tuning()));
  const bool half = spec.compute == DType::kF16, tensor = half || spec.compute == DType::kTF32;
  const char* peak_name = half ? "f16_flops" : tensor ? "tf32_flops" : "f32_flops";
  const auto peak = static_cast<double>(std::max<int64_t>(target.i(peak_name, 1e13), 1));
  const auto memory = static_cast<double>(std::max<int64_t>(target.i("mem_bytes_per_s", 1e12), 1));
  const auto depth = static_cast<double>(spec.k);
  const double floor_us = tensor ? 2.5 + depth * 0.0013 : 4.0 + depth * 0.006;
  const double us = std::max({cost.flops / (peak * (tensor ? 0.65 : 0.7)) * 1e6,
                              cost.bytes / (memory * 0.65) * 1e6, floor_us});
  // Where a convolution's own kernel does as well, that one is taken.
  return problem.op == "Conv" && problem.inputs[1].dims[2] == Dim(1) ? us * 1.15 : us;
}

std::unique_ptr<RowInstance> MatmulRow::attach(const RowState*, const AttachArgs& args) const {
  auto& device = static_cast<CudaDevice&>(args.device);
  auto instance = std::make_unique<MatmulInstance>();
  const MatmulSpec spec = matmul_spec(args.problem);
  instance->epilogue = spec.epilogue;
  instance->device = &device;
  instance->empty = spec.m * spec.n * spec.batch == 0;
  if (instance->empty) return instance;
  if (spec.k == 0) throw Error(Code::kUnsupported, "a product over no elements");
  instance->needs = needs(args.problem, args.tactic, device.target());
  if (!device.real()) return instance;
  instance->session = Session::of(device);
  instance->plan = std::make_unique<MatmulPlan>(instance->session->handle, spec, args.tactic);
  instance->needs.step_scratch = instance->plan->workspace();
  return instance;
}

}  // namespace

std::unique_ptr<Row> cublaslt_matmul() { return std::make_unique<MatmulRow>(); }

}  // namespace tenfold::cuda
