#include "backends/cpu/onednn/common.h"

#include <algorithm>
#include <mutex>
#include <unordered_map>

#include "backends/cpu/onednn/version.h"

// oneDNN's threads are OpenMP's, if it was built so; absent otherwise.
extern "C" void omp_set_num_threads(int) __attribute__((weak));
extern "C" int omp_get_max_threads() __attribute__((weak));

namespace tenfold::cpu::onednn {
namespace {

constexpr size_t kVerdicts = 8192;  // answers kept

struct Verdicts {
  std::mutex mutex;
  std::unordered_map<std::string, std::string> reasons;  // of "row|problem"; empty: yes
};
Verdicts& verdicts() {
  static Verdicts instance;
  return instance;
}

bool is_reference(const dnnl::primitive_desc_base& pd) {
  return std::string_view(pd.impl_info_str()).find("ref") != std::string_view::npos;
}

// Some primitives take post-ops whose operands they then do not expect: they fail when they run.
bool takes_operands(const Description& d) {
  int expected = 0;
  dnnl::error::wrap_c_api(
      dnnl_primitive_desc_query(d.primitive.get(), dnnl_query_num_of_inputs_s32, 0, &expected),
      "cannot ask a primitive for its inputs");
  return expected == std::count_if(d.binds.begin(), d.binds.end(), [](const Bind& b) {
           return b.where == Bind::Where::kInput || b.where == Bind::Where::kPacked;
         });
}

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

void reorder(dnnl::memory& from, dnnl::memory& to) {
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

// Bound at the tuning sizes, where a symbol tuned for 0 counts 1.
Problem at_tuning(const Problem& p) {
  const SymbolValues tuning = p.tuning();
  SymbolValues sizes;
  for (const auto& [symbol, value] : tuning.list()) sizes.set(symbol, std::max<int64_t>(1, value));
  return p.bind(sizes);
}

bool empty_output(const Problem& bound) {
  for (const Operand& o : bound.outputs)
    if (element_count(const_extents(o.dims)) == 0) return true;
  return false;
}

}  // namespace

std::string version() {
  const dnnl_version_t* v = dnnl_version();
  return std::to_string(v->major) + "." + std::to_string(v->minor) + "." + std::to_string(v->patch);
}

const dnnl::engine& engine() {
  static const dnnl::engine instance(dnnl::engine::kind::cpu, 0);
  return instance;
}

ThreadScope::ThreadScope(int threads) noexcept {
  if (!omp_set_num_threads || !omp_get_max_threads) return;
  const int now = omp_get_max_threads();
  if (now == threads || threads < 1) return;
  before_ = now;
  omp_set_num_threads(threads);
}
ThreadScope::~ThreadScope() {
  if (before_ > 0) omp_set_num_threads(before_);
}

void refuse(const std::string& reason) { throw Error(Code::kUnsupported, reason); }

dnnl::memory::dims dims_of(const Operand& bound) { return const_extents(bound.dims); }

dnnl::memory::desc desc_of(const Operand& bound) { return desc_of(bound, bound.dims.size()); }

dnnl::memory::desc desc_of(const Operand& bound, size_t rank) {
  const Format& f = bound.format;
  if (f.dtype != DType::kF32 || f.scale != 0)
    refuse("an operand is " + std::string(to_string(f.dtype)) + ": this row computes in f32 only");
  if (f.layout.kind != Layout::Kind::kLinear && f.layout.kind != Layout::Kind::kChannelsLast)
    refuse("an operand's layout is " + f.layout.str());
  const Extents dims = const_extents(bound.dims);
  if (f.layout.pad > 1 && dims.size() > 1 && dims[1] % f.layout.pad != 0)
    refuse("an operand's channels are padded");
  if (dims.size() > rank || rank > DNNL_MAX_NDIMS) refuse("an operand's rank is too large");
  Extents strides = strides_of(f, dims);
  Extents all(rank - dims.size(), 1),
      steps(rank - dims.size(), std::max<int64_t>(1, element_count(dims)));
  all.insert(all.end(), dims.begin(), dims.end());
  steps.insert(steps.end(), strides.begin(), strides.end());
  return dnnl::memory::desc(all, dnnl::memory::data_type::f32, steps);
}

dnnl::memory::desc any_of(const dnnl::memory::dims& dims) {
  return dnnl::memory::desc(dims, dnnl::memory::data_type::f32, dnnl::memory::format_tag::any);
}

dnnl::primitive_attr base_attr() {
  dnnl::primitive_attr attr;
  attr.set_scratchpad_mode(dnnl::scratchpad_mode::user);
  attr.set_fpmath_mode(dnnl::fpmath_mode::strict);
  return attr;
}

FormatTuple uniform(const Problem& problem, Layout layout) {
  FormatTuple tuple;
  auto format = [&](const Operand& o) {
    const bool room = o.dims.size() >= 3 && !o.constant;
    return Format{DType::kF32, room ? layout : Layout::linear()};
  };
  for (const Operand& o : problem.inputs) tuple.inputs.push_back(format(o));
  for (const Operand& o : problem.outputs) tuple.outputs.push_back(format(o));
  return tuple;
}

std::vector<FormatTuple> OnednnRow::layouts(const Problem& open) const {
  if (open.outputs[0].dims.size() < 3) return {uniform(open, Layout::linear())};
  return {uniform(open, Layout::channels_last()), uniform(open, Layout::linear())};
}

Verdict OnednnRow::ask(const Problem& closed) const {
  std::string key = std::string(name()) + "|" + closed.str();
  {
    std::lock_guard lock(verdicts().mutex);
    const auto found = verdicts().reasons.find(key);
    if (found != verdicts().reasons.end())
      return found->second.empty() ? Verdict{} : Verdict::no(found->second);
  }
  std::string reason;
  try {
    const Description d = describe(at_tuning(closed), nullptr);
    if (is_reference(d.primitive))
      reason = std::string("oneDNN has only its reference for this (") +
               d.primitive.impl_info_str() + ")";
    else if (!takes_operands(d))
      reason = "oneDNN accepts an operand of the expression, but does not take it";
  } catch (const Error& error) {
    reason = error.what();
  } catch (const dnnl::error& error) {
    reason = error.status == dnnl_unimplemented
                 ? std::string("oneDNN does not implement this")
                 : std::string("oneDNN refuses this: ") + error.what();
  }
  std::lock_guard lock(verdicts().mutex);
  if (verdicts().reasons.size() >= kVerdicts) verdicts().reasons.clear();
  verdicts().reasons[key] = reason;
  return reason.empty() ? Verdict{} : Verdict::no(reason);
}

static bool all_f32(const Problem& p, std::string* why) {
  auto check = [&](const Operand& o) {
    if (o.format.dtype == DType::kF32) return true;
    *why = "an operand is " + std::string(to_string(o.format.dtype)) +
           ": this row computes in f32 only";
    return false;
  };
  for (const Operand& o : p.inputs)
    if (!check(o)) return false;
  for (const Operand& o : p.outputs)
    if (!check(o)) return false;
  return true;
}

Verdict OnednnRow::supports(const Problem& problem, const Target& target) const {
  if (Verdict v = serves(problem, target); !v) return v;
  if (problem.inputs.empty() || problem.outputs.empty()) return Verdict::no("there is no operand");
  std::string why;
  if (!all_f32(problem, &why)) return Verdict::no(why);
  if (problem.compute != DType::kF32 || problem.accumulate != DType::kF32)
    return Verdict::no("computes in f32 only");
  if (const int k = packed_input(problem); k >= 0)
    if (k >= static_cast<int>(problem.inputs.size()) ||
        !problem.inputs[static_cast<size_t>(k)].constant)
      return Verdict::no("input " + std::to_string(k) + " must be a constant");
  if (problem.closed) return ask(problem);
  Verdict first = Verdict::no("no layout fits");
  bool any = false;
  for (const FormatTuple& tuple : layouts(problem)) {
    Verdict v = ask(close_problem(problem, tuple));
    if (v) return v;
    if (!any) first = v;
    any = true;
  }
  return first;
}

std::vector<FormatTuple> OnednnRow::formats(const Problem& problem, const Target& target,
                                            TypeSet) const {
  std::vector<FormatTuple> list;
  for (FormatTuple& tuple : layouts(problem))
    if (supports(close_problem(problem, tuple), target)) list.push_back(std::move(tuple));
  return list;
}

Needs OnednnRow::needs(const Problem& problem, const Tactic&, const Target&) const {
  Needs needs;
  try {
    const Description d = describe(at_tuning(problem), nullptr);
    needs.step_scratch = static_cast<int64_t>(d.primitive.scratchpad_desc().get_size());
  } catch (const std::exception&) {
    // Refused: supports says why.
  }
  return needs;
}

std::string OnednnRow::version(const Target& target) const {
  const std::string given = target.s("onednn");
  return "onednn " + (given.empty() ? onednn::version() : given);
}

bool OnednnRow::packs(const Problem& problem, int k) const { return k == packed_input(problem); }

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
    throw Error(Code::kDevice, std::string(name()) + ": packing weights failed: " + error.what());
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
    throw Error(Code::kUnsupported, std::string(name()) + ": " + error.what(),
                {args.problem.str()});
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
