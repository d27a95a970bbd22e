// cudnn.conv: convolutions with bias, residual and activation by cuDNN's engines.
//
// Two operation graphs (conv_graph.h); the heuristics' best engines of each are the tactics, named
// by engine and knobs so that a plan rebuilds the winner without asking again.
#include <algorithm>
#include <cstring>

#include "backends/cuda/cudnn/session.h"
#include "backends/cuda/driver/data_sheets.h"

namespace tenfold::cuda {
namespace {

using namespace cudnn;

constexpr size_t kBestPerGraph = 3, kBestOfOnlyGraph = 6, kBestPerKind = 2, kMostTactics = 8;
constexpr int kMostPacks = 4;
constexpr int kMostOperands = 6;

// Engines that only the run-time compiled library has; it needs the driver even to be asked.
bool needs_runtime_engines(const EpilogueForm& e) {
  if (e.act == ExprOp::kAcc && e.residual < 0) return false;
  return e.bias < 0 || (e.act != ExprOp::kAcc && e.act != ExprOp::kRelu);
}

struct Findings {
  std::vector<Tactic> tactics;
  std::string reason;   // when there are none
};

// The heuristics' best few, and of ready kernels and of those compiled at run time two each.
void take_best(std::vector<EngineChoice> engines, size_t best, std::vector<EngineChoice>& chosen) {
  size_t ready = 0, compiled = 0;
  for (size_t k = 0; k < engines.size(); ++k) {
    size_t& count = engines[k].runtime_compiled ? compiled : ready;
    if (k >= best && count >= kBestPerKind) continue;
    ++count;
    chosen.push_back(std::move(engines[k]));
  }
}

// The heuristics' answer for a closed Problem at its tuning sizes, on a machine that may be
// elsewhere.
Findings ask(const Problem& problem, const Target& target) {
  Findings found;
  try {
    const ConvSpec spec = conv_spec(problem.bind(problem.tuning()));
    const Descriptor device = describe_device(target);
    std::vector<EngineChoice> chosen;
    const std::vector<GraphForm> forms = graph_forms(spec);
    for (const GraphForm form : forms) {
      std::vector<EngineChoice> engines;
      try {
        engines = find_engines(spec, form, device);
      } catch (const Error& e) {
        found.reason = e.what();
        continue;
      }
      const bool only = form == forms.back() && chosen.empty();
      take_best(std::move(engines), only ? kBestOfOnlyGraph : kBestPerGraph, chosen);
    }
    // What needs no compilation goes first: an untimed build takes the front.
    std::stable_partition(chosen.begin(), chosen.end(),
                          [](const EngineChoice& c) { return !c.runtime_compiled; });
    for (const EngineChoice& c : chosen)
      if (found.tactics.size() < kMostTactics) found.tactics.push_back(c.str());
  } catch (const Error& e) {
    found.reason = e.what();
  }
  if (found.tactics.empty() && found.reason.empty()) found.reason = "its heuristics name none";
  return found;
}

class ConvInstance : public RowInstance {
 public:
  std::shared_ptr<Session> session;
  std::shared_ptr<const SharedPlan> plan;  // null: nothing to do, or a device that only logs
  const CudaDevice* device = nullptr;
  bool empty = false;
  std::vector<int64_t> ids;  // of the variant pack, in slot order, without the scratch
  std::vector<std::pair<bool, int>> operands;  // is output, index; in slot order

  int run(void* stream, void* const* slots) const noexcept {
    try {
      device->make_current();
      const CudnnHandle handle = session->handle();
      const CudnnApi& api = *cudnn_api();
      if (const int status = api.set_stream(handle, stream); status != cudnn::kSuccess)
        return status;
      return api.execute(handle, plan->ready(), pack_for(slots));
    } catch (const std::exception&) {
      return -1;
    }
  }

 private:
  struct Pack {
    std::array<void*, kMostOperands> pointers{};
    Descriptor descriptor;
  };

  // Packs are immutable in cuDNN, so one is kept for each of the last few sets of addresses.
  void* pack_for(void* const* slots) const {
    const size_t count = ids.size() + (needs.step_scratch > 0);
    for (const Pack& pack : packs_)
      if (pack.descriptor && std::equal(slots, slots + count, pack.pointers.begin()))
        return pack.descriptor.get();
    Pack& pack = packs_[next_pack_++ % kMostPacks];
    Descriptor fresh(kPackDescriptor);
    fresh.set_ints(kAttrPackUids, ids);
    fresh.set(kAttrPackPointers, kTypeVoidPtr, static_cast<int64_t>(ids.size()), slots);
    void* scratch = needs.step_scratch > 0 ? slots[ids.size()] : nullptr;
    fresh.set(kAttrPackWorkspace, kTypeVoidPtr, 1, &scratch);
    fresh.finalize();
    pack.descriptor = std::move(fresh);
    std::copy(slots, slots + count, pack.pointers.begin());
    return pack.descriptor.get();
  }

  mutable std::array<Pack, kMostPacks> packs_;
  mutable unsigned next_pack_ = 0;
};

int run_instance(void* stream, void* const* slots, const void* data) noexcept {
  const ConvInstance* instance = nullptr;
  std::memcpy(&instance, data, sizeof(void*));
  return instance->run(stream, slots);
}

double product(const Extents& e) {
  double result = 1;
  for (const int64_t d : e) result *= static_cast<double>(d);
  return result;
}

class ConvRow final : public Row {
 public:
  std::string_view name() const override { return "cudnn.conv"; }
  std::string_view backend() const override { return "cuda"; }
  std::vector<std::string> patterns() const override { return {"Conv(x, @w)"}; }
  std::string version(const Target&) const override {
    return cudnn_api() ? "cudnn " + cudnn_api()->version() : "";
  }

  Verdict supports(const Problem& problem, const Target& target) const override {
    if (!cudnn_api()) return Verdict::no(cudnn_error());
    if (Verdict v = check_conv(problem); !v) return v;
    if (!driver() && needs_runtime_engines(*match_epilogue(problem)))
      return Verdict::no("this epilogue needs kernels that cuDNN compiles at run time, and those " +
                         std::string("need the driver (") + driver_error() + ")");
    if (!problem.closed) return {};
    if (problem.compute == DType::kTF32)
      if (Verdict v = has_tf32(target); !v) return v;
    const Findings& found = findings(problem, target);
    if (!found.tactics.empty()) return {};
    return Verdict::no("cuDNN " + cudnn_api()->version() + " has no engine: " + found.reason);
  }

  std::vector<FormatTuple> formats(const Problem& problem, const Target&,
                                   TypeSet permitted) const override;

  std::vector<Tactic> tactics(const Problem& problem, const Target& target) const override {
    return cudnn_api() ? findings(problem, target).tactics : std::vector<Tactic>{};
  }

  Needs needs(const Problem&, const Tactic& tactic, const Target&) const override {
    Needs n;
    n.step_scratch = EngineChoice::parse(tactic).workspace;
    n.alignment = 256;
    return n;
  }

  // Tensors are described with the slices' strides and an alignment of 16 bytes.
  bool writes_slices() const override { return true; }
  bool reads_slices() const override { return true; }

  double estimate(const Problem& problem, const Target& target) const override;

  std::unique_ptr<RowInstance> attach(const RowState*, const AttachArgs& args) const override;

  void record(Commands& commands, const Operands& operands, const RowState*,
              const RowInstance& base) const noexcept override {
    const auto& instance = static_cast<const ConvInstance&>(base);
    if (instance.empty) return;
    std::array<Slot, kMostOperands> slots;
    size_t count = 0;
    for (const auto& [is_output, index] : instance.operands)
      slots[count++] = (is_output ? operands.outputs : operands.inputs)[static_cast<size_t>(index)];
    if (instance.needs.step_scratch > 0) slots[count++] = operands.scratch;
    const ConvInstance* self = &instance;
    commands.foreign(run_instance, {slots.data(), count}, &self, sizeof(void*), true);
  }

 private:
  const Findings& findings(const Problem& problem, const Target& target) const {
    const std::string key = target.str() + " | " + problem.str();
    {
      const std::lock_guard lock(mutex_);
      if (const auto it = findings_.find(key); it != findings_.end()) return it->second;
    }
    Findings found = ask(problem, target);
    const std::lock_guard lock(mutex_);
    return findings_.emplace(key, std::move(found)).first->second;
  }

  mutable std::mutex mutex_;
  mutable std::map<std::string, Findings> findings_;  // entries stay: references are handed out
};

std::vector<FormatTuple> ConvRow::formats(const Problem& problem, const Target& target,
                                          TypeSet permitted) const {
  const auto form = match_epilogue(problem);
  if (!form || problem.inputs[0].dims.size() < 2) return {};
  const int64_t channels =
      problem.inputs[0].dims[1].is_const() ? problem.inputs[0].dims[1].value() : 8;
  const bool grouped = problem.attrs.i("group", 1) != 1;
  std::vector<FormatTuple> list;
  const auto add = [&](DType type, DType compute, Layout layout) {
    Layout unpadded = layout;
    unpadded.pad = 1;
    FormatTuple tuple;
    tuple.inputs.assign(problem.inputs.size(), Format{type, unpadded});
    tuple.inputs[0] = tuple.inputs[1] = Format{type, layout};
    if (form->bias >= 0) tuple.inputs[static_cast<size_t>(form->bias)] = Format{type, {}};
    tuple.outputs = {Format{type, unpadded}};
    tuple.compute = compute;
    list.push_back(std::move(tuple));
  };
  if (permitted.contains(DType::kF16)) {
    // Tensor-core kernels read eight channels at a time; a first layer of up to four has its own.
    const int pad = channels <= 4 ? 4 : 8;
    if (!grouped && channels % pad != 0) add(DType::kF16, DType::kF16, Layout::channels_last(pad));
    add(DType::kF16, DType::kF16, Layout::channels_last());
  }
  if (permitted.contains(DType::kF32)) {
    if (permitted.contains(DType::kTF32) && has_tf32(target)) {
      if (!grouped && channels % 4 != 0) add(DType::kF32, DType::kTF32, Layout::channels_last(4));
      add(DType::kF32, DType::kTF32, Layout::channels_last());
    }
    add(DType::kF32, DType::kF32, Layout::channels_last());
    add(DType::kF32, DType::kF32, Layout::linear());
  }
  return list;
}

// Roofline with the shares of the peak that were measured on an H200 (batch 128), and at small
// sizes the length of the reduction: these kernels do not split it.
double ConvRow::estimate(const Problem& problem, const Target& target) const {
  const SymbolValues sizes = problem.tuning();
  const Cost cost = cost_of(problem, sizes);
  const Extents w = eval(problem.inputs[1].dims, sizes);
  const Extents x = eval(problem.inputs[0].dims, sizes);
  const bool half = problem.compute == DType::kF16;
  const bool tensor = half || problem.compute == DType::kTF32;
  const char* peak_name = half ? "f16_flops" : tensor ? "tf32_flops" : "f32_flops";
  const auto peak = static_cast<double>(std::max<int64_t>(target.i(peak_name, 1e13), 1));
  const auto memory = static_cast<double>(std::max<int64_t>(target.i("mem_bytes_per_s", 1e12), 1));
  const bool grouped = problem.attrs.i("group", 1) != 1, depthwise = grouped && w.at(1) == 1;
  const double share = !tensor ? 0.28 : x.at(1) <= 4 ? 0.15 : grouped ? 0.05 : half ? 0.6 : 0.5;
  const double depth = product(w) / static_cast<double>(std::max<int64_t>(w.at(0), 1));
  const double floor_us = half     ? 2.6 + depth * 0.0018
                          : tensor ? 3.2 + depth * 0.0022
                                   : 3.5 + depth * 0.015;
  double us =
      std::max({cost.flops / (peak * share) * 1e6, cost.bytes / (memory * 0.65) * 1e6, floor_us});
  const bool linear = problem.inputs[0].format.layout.kind == Layout::Kind::kLinear;
  if (!tensor && !linear) us *= 1.5;
  if (tensor && w.at(0) % 8 != 0) us *= 2;  // padded copies inside the library
  if (grouped && !depthwise) us += 12;
  // Depthwise: the heuristics' choices took up to forty times the floor.
  if (depthwise) us *= 8;
  // Without tensor cores other activations have a plain kernel only.
  const ExprOp act = match_epilogue(problem)->act;
  if (!tensor && act != ExprOp::kAcc && act != ExprOp::kRelu) us *= 8;
  return us;
}

std::unique_ptr<RowInstance> ConvRow::attach(const RowState*, const AttachArgs& args) const {
  auto& device = static_cast<CudaDevice&>(args.device);
  auto instance = std::make_unique<ConvInstance>();
  const EpilogueForm form = *match_epilogue(args.problem);
  const auto operand = [&](int64_t id, bool is_output, int index) {
    instance->ids.push_back(id);
    instance->operands.emplace_back(is_output, index);
  };
  operand(kIdX, false, 0);
  operand(kIdW, false, 1);
  if (form.bias >= 0) operand(kIdBias, false, form.bias);
  if (form.residual >= 0) operand(kIdResidual, false, form.residual);
  operand(kIdY, true, 0);
  instance->needs = needs(args.problem, args.tactic, device.target());
  instance->device = &device;
  instance->empty = product(const_extents(args.problem.outputs[0].dims)) == 0;
  if (instance->empty) instance->needs.step_scratch = 0;
  if (instance->empty || !device.real()) return instance;
  device.make_current();
  instance->session = Session::of(device);
  instance->plan = instance->session->plan(args.problem, args.tactic, device);
  instance->needs.step_scratch = instance->plan->workspace();
  return instance;
}

}  // namespace

std::unique_ptr<Row> cudnn_conv() { return std::make_unique<ConvRow>(); }

}  // namespace tenfold::cuda
