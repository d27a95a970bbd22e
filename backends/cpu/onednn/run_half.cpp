// How all oneDNN rows run: weights packed once, a primitive a bound shape, one call a step.
#include <algorithm>
#include <mutex>
#include <optional>

#include "backends/cpu/onednn/common.h"

namespace tenfold::cpu::onednn {
namespace {

// Packed weights, by layout. A second layout is made when a bound shape wants one.
class PackedState : public RowState {
 public:
  mutable std::mutex mutex;
  mutable std::vector<std::pair<dnnl::memory::desc, dnnl::memory>> packings;

  const dnnl::memory* find(const dnnl::memory::desc& desc) const {
    for (const auto& [layout, memory] : packings)
      if (layout == desc) return &memory;
    return nullptr;
  }
};

// To wake a sleeping thread takes as long as to pack about a quarter of this.
constexpr size_t kBytesWorthThreads = 1 << 20;

// On the calling thread alone where that is sooner done, else on all that its scope gives.
void reorder(dnnl::memory& from, dnnl::memory& to) {
  std::optional<ThreadScope> alone;
  if (to.get_desc().get_size() < kBytesWorthThreads) alone.emplace(1);
  dnnl::stream stream(engine());
  dnnl::reorder(from, to).execute(stream, from, to);
  stream.wait();
}

struct Instance : RowInstance {
  int threads = 1;
  dnnl::primitive primitive;
  dnnl::stream stream;
  std::vector<dnnl::memory> memories;       // keep the handles of args alive
  std::vector<dnnl_exec_arg_t> args;
  std::vector<Bind> binds;
  std::vector<void*> handles;               // last set
};

// What the recorder copies.
struct Call {
  Instance* instance;
};

int execute(void*, void* const* slots, const void* data) noexcept {
  Instance& in = *static_cast<const Call*>(data)->instance;
  for (size_t k = 0; k < in.args.size(); ++k) {
    if (in.binds[k].where == Bind::Where::kPacked || in.handles[k] == slots[k]) continue;
    if (const auto status = dnnl_memory_set_data_handle(in.args[k].memory, slots[k])) return status;
    in.handles[k] = slots[k];
  }
  const ThreadScope scope(in.threads);
  return dnnl_primitive_execute(in.primitive.get(), in.stream.get(),
                                static_cast<int>(in.args.size()), in.args.data());
}

bool empty_output(const Problem& bound) {
  for (const Operand& o : bound.outputs)
    if (element_count(const_extents(o.dims)) == 0) return true;
  return false;
}

}  // namespace

std::unique_ptr<RowState> OnednnRow::prepare(const PrepareArgs& args) const {
  auto state = std::make_unique<PackedState>();
  const int k = packed_input(args.problem);
  if (k < 0) return state;
  const ThreadScope scope(args.threads);
  const TensorView given = args.constant(k);
  if (!given.data) throw Error(Code::kInternal, std::string(name()) + ": the weights are missing");
  try {
    const Description d = describe(at_tuning(args.problem), nullptr);
    const Bind* weights = nullptr;
    for (const Bind& b : d.binds)
      if (b.where == Bind::Where::kPacked) weights = &b;
    if (!weights)
      throw Error(Code::kInternal, std::string(name()) + ": no argument takes the weights");
    dnnl::memory from(d.plain, engine(), given.data), to(weights->desc, engine());
    reorder(from, to);
    state->packings.emplace_back(weights->desc, to);
  } catch (const dnnl::error& error) {
    throw Error(error.status == dnnl_out_of_memory ? Code::kResource : Code::kDevice,
                std::string(name()) + ": packing weights failed: " + error.what());
  }
  return state;
}

// The packing of the first shape serves if that costs nothing; else another is made and kept.
static dnnl::memory packed_weights(const PackedState& state, const dnnl::memory::desc& wanted,
                                   std::string_view row) {
  std::lock_guard lock(state.mutex);
  if (const dnnl::memory* found = state.find(wanted)) return *found;
  dnnl::memory from = state.packings.at(0).second, to(wanted, engine());
  reorder(from, to);
  state.packings.emplace_back(wanted, to);
  log(Severity::kNote, std::string(row) + ": a second packing of weights, " +
                           std::to_string(wanted.get_size()) + " bytes, for another size");
  return to;
}

// Describes the primitive anew with the packing that is there, where it is as fast so.
void OnednnRow::keep_packing(const RowState& state, const Problem& bound, Description& d) const {
  const auto& packed = static_cast<const PackedState&>(state);
  dnnl::memory::desc have;
  {
    std::lock_guard lock(packed.mutex);
    if (packed.packings.empty()) return;
    have = packed.packings[0].first;
  }
  for (const Bind& b : d.binds)
    if (b.where == Bind::Where::kPacked && b.desc == have) return;
  try {
    Description same = describe(bound, &have);
    if (std::string_view(same.primitive.impl_info_str()) == d.primitive.impl_info_str())
      d = std::move(same);
  } catch (const dnnl::error&) {
    // This size wants its own packing.
  }
}

std::unique_ptr<RowInstance> OnednnRow::attach(const RowState* state,
                                               const AttachArgs& args) const {
  auto instance = std::make_unique<Instance>();
  instance->threads = args.threads;
  if (empty_output(args.problem)) return instance;
  const ThreadScope scope(args.threads);
  const auto* packed = static_cast<const PackedState*>(state);
  try {
    Description d = describe(args.problem, nullptr);
    if (packed) keep_packing(*packed, args.problem, d);
    if (is_reference(d.primitive))
      log(Severity::kWarning,
          std::string(name()) + ": oneDNN has only its reference for " + args.problem.str());
    instance->primitive = dnnl::primitive(d.primitive.get());
    instance->stream = dnnl::stream(engine());
    instance->needs.step_scratch = static_cast<int64_t>(d.primitive.scratchpad_desc().get_size());
    if (instance->needs.step_scratch > 0)
      d.binds.push_back(
          {DNNL_ARG_SCRATCHPAD, Bind::Where::kScratch, 0, d.primitive.scratchpad_desc()});
    for (Bind& b : d.binds) {
      if (b.where == Bind::Where::kPacked) {
        if (!packed) throw Error(Code::kInternal, std::string(name()) + ": attach before prepare");
        instance->memories.push_back(packed_weights(*packed, b.desc, name()));
      } else {
        instance->memories.emplace_back(b.desc, engine(), nullptr);
      }
      instance->args.push_back({b.arg, instance->memories.back().get()});
    }
    instance->binds = std::move(d.binds);
    instance->handles.assign(instance->args.size(), nullptr);
  } catch (const dnnl::error& error) {
    throw Error(error.status == dnnl_out_of_memory ? Code::kResource : Code::kUnsupported,
                std::string(name()) + ": " + error.what(), {args.problem.str()});
  }
  return instance;
}

void OnednnRow::record(Commands& commands, const Operands& operands, const RowState*,
                       const RowInstance& instance) const noexcept {
  const auto* in = static_cast<const Instance*>(&instance);
  if (in->args.empty()) return;
  constexpr size_t kMaxArgs = 64;
  Slot slots[kMaxArgs];
  for (size_t k = 0; k < in->binds.size() && k < kMaxArgs; ++k) {
    const Bind& b = in->binds[k];
    const auto index = static_cast<size_t>(b.index);
    switch (b.where) {
      case Bind::Where::kInput: slots[k] = operands.inputs[index]; break;
      case Bind::Where::kOutput: slots[k] = operands.outputs[index]; break;
      case Bind::Where::kScratch: slots[k] = operands.scratch; break;
      case Bind::Where::kPacked: break;
    }
  }
  const Call call{const_cast<Instance*>(in)};
  commands.foreign(execute, {slots, std::min(in->binds.size(), kMaxArgs)}, &call, sizeof(call),
                   false);
}

}  // namespace tenfold::cpu::onednn
