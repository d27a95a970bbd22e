#include "backends/cuda/gen/text_row.h"

#include <algorithm>
#include <array>
#include <limits>

#include "backends/cuda/driver/nvrtc_api.h"
#include "backends/cuda/gen/expr.h"

namespace tenfold::cuda {
namespace {

constexpr size_t kMaxAxes = 16;
// A kernel takes 4096 bytes of arguments: a pointer, an extent and strides for each operand, and
// what else rows add (attributes, divisors of the output's axes).
constexpr size_t kOperandBytes = 3400;
constexpr size_t bytes_of_operand(size_t rank) { return 12 + 4 * rank; }
constexpr size_t kMaxArguments = kOperandBytes / bytes_of_operand(0) + 3;
// Threads are counted in 32 bits, those of the last block that have nothing to do among them.
constexpr int64_t kMaxElements = std::numeric_limits<int32_t>::max() - 1024;

struct KernelState : RowState {
  Problem closed;
  std::shared_ptr<const LoadedKernel> kernel;
  std::vector<std::unique_ptr<Buffer>> packed;  // of input k; null: the input itself
  std::vector<void*> packed_address;
};

struct KernelInstance : RowInstance {
  Launch launch;
};

}  // namespace

std::string TextRow::version(const Target& target) const {
  const std::string known = target.s("nvrtc");
  return "nvrtc " + (!known.empty() ? known
                     : nvrtc()      ? nvrtc()->version()
                                    : std::string("unknown"));
}

double TextRow::estimate(const Problem& problem, const Target& target) const {
  const Cost cost = cost_of(problem, problem.tuning());
  const double bytes_per_us =
      static_cast<double>(target.i("mem_bytes_per_s", 2000000000000)) * 1e-6;
  const double flops_per_us = static_cast<double>(target.i("f32_flops", 19500000000000)) * 1e-6;
  const double share = efficiency(problem);
  return 2.0 + serial_us(problem) +
         std::max(cost.bytes / bytes_per_us, cost.flops / flops_per_us) / share;
}

Artifact TextRow::emit(const Problem& problem, const Tactic& tactic, const Target& target) const {
  return compile_text(request(problem, tactic, target), arch_of(target));
}

std::vector<std::byte> TextRow::pack(const Problem&, int, const TensorView&, const Tactic&) const {
  return {};
}

std::unique_ptr<RowState> TextRow::prepare(const PrepareArgs& args) const {
  auto& device = static_cast<CudaDevice&>(args.device);
  auto state = std::make_unique<KernelState>();
  state->closed = args.problem;
  const uint32_t shared = shared_bytes(args.problem, args.tactic);
  if (args.artifact && !args.artifact->empty()) {
    state->kernel = device.load_kernel(*args.artifact, static_cast<int>(shared));
  } else if (device.real()) {
    const Artifact made = emit(args.problem, args.tactic, device.target());
    state->kernel = device.load_kernel(made, static_cast<int>(shared));
  } else {
    Artifact named;  // the log device needs the name only
    named.kind = "cubin";
    named.entry = request(args.problem, args.tactic, device.target()).entry;
    state->kernel = device.load_kernel(named, 0);
  }
  const size_t n = args.problem.inputs.size();
  state->packed.resize(n);
  state->packed_address.assign(n, nullptr);
  std::unique_ptr<NativeStream> stream;
  for (size_t k = 0; k < n; ++k) {
    if (!packs(args.problem, static_cast<int>(k))) continue;
    const TensorView view = args.constant ? args.constant(static_cast<int>(k)) : TensorView{};
    if (!view.data)
      throw Error(Code::kInternal,
                  name_ + ": constant input " + std::to_string(k) + " has no value");
    const std::vector<std::byte> bytes = pack(args.problem, static_cast<int>(k), view, args.tactic);
    state->packed[k] = device.allocate(static_cast<int64_t>(bytes.size()), MemoryKind::kDevice);
    state->packed_address[k] = state->packed[k]->data();
    if (!stream) stream = device.create_stream();
    device
        .copy_in(state->packed[k]->data(), bytes.data(), static_cast<int64_t>(bytes.size()),
                 *stream)
        .or_throw();
    stream->synchronize().or_throw();
  }
  return state;
}

std::unique_ptr<RowInstance> TextRow::attach(const RowState* state, const AttachArgs& args) const {
  auto instance = std::make_unique<KernelInstance>();
  instance->needs = needs(args.problem, args.tactic, args.device.target());
  instance->launch = launch(static_cast<const KernelState&>(*state).closed, args.problem,
                            args.tactic, args.device.target());
  if (args.problem.inputs.size() + args.problem.outputs.size() + 3 > kMaxArguments)
    throw Error(Code::kUnsupported, name_ + ": more operands than a kernel takes");
  return instance;
}

void TextRow::record(Commands& commands, const Operands& operands, const RowState* state,
                     const RowInstance& instance) const noexcept {
  const auto& kernel = static_cast<const KernelState&>(*state);
  const auto& made = static_cast<const KernelInstance&>(instance);
  std::array<KernelArg, kMaxArguments> args;
  size_t n = 0;
  for (size_t k = 0; k < operands.inputs.size(); ++k)
    args[n++] = k < kernel.packed.size() && kernel.packed[k]
                    ? KernelArg::value(kernel.packed_address[k])
                    : KernelArg::ptr(operands.inputs[k]);
  for (const Slot& output : operands.outputs) args[n++] = KernelArg::ptr(output);
  if (made.needs.step_scratch > 0) args[n++] = KernelArg::ptr(operands.scratch);
  if (made.needs.context_scratch > 0) args[n++] = KernelArg::ptr(operands.context_scratch);
  const auto& words = made.launch.params.words();
  args[n++] = {{}, words.data(), static_cast<uint32_t>(words.size() * sizeof(uint32_t))};
  commands.kernel(kernel.kernel->function, made.launch.grid, made.launch.block,
                  made.launch.shared_bytes, {args.data(), n});
}

Verdict takes_operands(const Problem& problem) {
  size_t bytes = 0;
  for (const auto* list : {&problem.inputs, &problem.outputs})
    for (const Operand& operand : *list) bytes += bytes_of_operand(operand.dims.size());
  if (bytes > kOperandBytes) return Verdict::no("more operands than a kernel takes");
  if (const std::string reason = expr_refusal(problem.expr); !reason.empty())
    return Verdict::no(reason);
  const SymbolValues largest = problem.largest();
  const auto one = [&](const Operand& operand) -> std::string {
    const Format& f = operand.format;
    if (device_type(f.dtype).empty()) return "element type " + std::string(to_string(f.dtype));
    if (operand.dims.size() > kMaxAxes) return "more than 16 axes";
    if (problem.closed && f.layout.kind != Layout::Kind::kLinear &&
        f.layout.kind != Layout::Kind::kChannelsLast)
      return "layout " + f.layout.str();
    if (f.scale != 0) return "quantized storage";
    if (storage_elements(f, eval(operand.dims, largest)) >= kMaxElements)
      return "about 2^31 elements and more";
    return "";
  };
  for (const auto* list : {&problem.inputs, &problem.outputs})
    for (const Operand& operand : *list)
      if (const std::string reason = one(operand); !reason.empty())
        return Verdict::no("it does not take " + reason);
  return {};
}

Problem at_tuning(const Problem& problem) {
  return problem.symbols.empty() ? problem : problem.bind(problem.tuning());
}

int tactic_value(const Tactic& tactic, const std::string& name, int fallback) {
  const std::string padded = " " + tactic;
  const size_t at = padded.find(" " + name + "=");
  if (at == std::string::npos) return fallback;
  const char* begin = padded.c_str() + at + name.size() + 2;
  char* end = nullptr;
  const long value = std::strtol(begin, &end, 10);
  return end == begin ? fallback : static_cast<int>(value);
}

}  // namespace tenfold::cuda
