// The op TensorRTPlugin and the row that runs it. Attributes: the layer, how many of the inputs are
// data (a further one holds the plugin's serialized bytes), the largest batch, ranks and dims of
// the outputs without the batch; of an IPluginV2, type, version and namespace. Data are dense f32,
// batch first.
#include <cstring>

#include "log.h"
#include "platform.h"
#include "plugin.h"
#include "tenfold/graph.h"
#include "tenfold/kernel.h"

namespace tenfold::trt {
namespace {

constexpr int kMaxOperands = 32;

std::vector<Type> infer_outputs(const InferContext& c) {
  const std::vector<int64_t> ranks = c.attrs.ints("ranks"), dims = c.attrs.ints("dims");
  std::vector<Type> types;
  size_t at = 0;
  for (const int64_t rank : ranks) {
    if (rank < 0 || at + static_cast<size_t>(rank) > dims.size() || c.inputs[0].shape.empty())
      throw Error(Code::kInvalid, "attributes 'ranks' and 'dims' do not fit");
    Type t;
    t.shape = {c.inputs[0].shape[0]};
    for (int64_t k = 0; k < rank; ++k) t.shape.emplace_back(dims[at++]);
    types.push_back(std::move(t));
  }
  if (static_cast<int>(types.size()) != c.outputs)
    throw Error(Code::kInvalid, "attribute 'ranks' does not have one entry for each output");
  return types;
}

// What the recorded call gets: everything but addresses.
struct Call {
  Plugin* plugin;
  const char* layer;
  int32_t batch, inputs, outputs;
  bool workspace;
};

int call(void* const* slots, const void* data, cudaStream_t stream) noexcept {
  Call c;
  std::memcpy(&c, data, sizeof c);
  const void* in[kMaxOperands];
  void* out[kMaxOperands];
  for (int k = 0; k < c.inputs; ++k) in[k] = slots[k];
  for (int k = 0; k < c.outputs; ++k) out[k] = slots[c.inputs + k];
  const platform::PluginCall running;
  int status = -1;
  try {
    status = c.plugin->enqueue(c.batch, in, out,
                               c.workspace ? slots[c.inputs + c.outputs] : nullptr, stream);
  } catch (...) {
  }
  return status == 0 ? 0 : c.plugin->failed(c.layer, status);
}

int call_on_host(void*, void* const* slots, const void* data) noexcept {
  return call(slots, data, platform::current_stream());
}

int call_on_stream(void* stream, void* const* slots, const void* data) noexcept {
  return call(slots, data, static_cast<cudaStream_t>(stream));
}

// The plugin, initialized as long as this lives.
class Running final : public RowState {
 public:
  explicit Running(std::shared_ptr<Plugin> p) : plugin(std::move(p)) { plugin->start(); }
  ~Running() override { plugin->stop(); }
  const std::shared_ptr<Plugin> plugin;
};

class Bound final : public RowInstance {
 public:
  Call call{};
  std::string layer;  // that the call names
  bool on_host = false;
};

class PluginRow final : public Row {
 public:
  std::string_view name() const override { return kPluginRow; }
  std::string_view backend() const override { return platform::kind(); }
  std::vector<std::string> patterns() const override { return {"TensorRTPlugin(...)"}; }

  Verdict supports(const Problem& p, const Target&) const override {
    if (!p.expr.empty()) return Verdict::no("plugins take no epilogue");
    if (p.inputs.size() > kMaxOperands || p.outputs.size() > kMaxOperands)
      return Verdict::no("a plugin with more than 32 inputs or outputs");
    // A plan file states them: data first, at most the plugin's bytes behind them.
    const int64_t data = p.attrs.i("inputs", -1), all = static_cast<int64_t>(p.inputs.size());
    if (p.outputs.empty() || p.outputs[0].dims.empty() || data < 0 || data > all || all > data + 1)
      return Verdict::no("attribute 'inputs' does not count the data");
    for (int64_t k = 0; k < all; ++k)
      if (p.inputs[static_cast<size_t>(k)].constant != (k == data))
        return Verdict::no("data are constant, or the plugin's bytes are none");
    for (const Operand& o : p.inputs)
      if (!o.constant && o.format.dtype != DType::kF32) return Verdict::no("plugins read f32");
    if (!p.closed) return {};
    for (const auto* list : {&p.inputs, &p.outputs})
      for (const Operand& o : *list)
        if (o.format.layout != Layout::linear() || !o.format.dense())
          return Verdict::no("plugins take dense data");
    return {};
  }

  std::vector<FormatTuple> formats(const Problem& p, const Target&, TypeSet) const override {
    FormatTuple t;
    for (const Operand& o : p.inputs) t.inputs.push_back({o.format.dtype, Layout::linear()});
    for (size_t k = 0; k < p.outputs.size(); ++k)
      t.outputs.push_back({DType::kF32, Layout::linear()});
    return {t};
  }

  double estimate(const Problem& p, const Target&) const override {
    return 5 +
           cost_of(p, p.tuning()).bytes * 1e-4;  // nobody knows: as if it read memory at 10 GB/s
  }

  bool packs(const Problem& p, int k) const override {
    return p.inputs[static_cast<size_t>(k)].constant;
  }

  std::unique_ptr<RowState> prepare(const PrepareArgs& args) const override {
    const int64_t inputs = args.problem.attrs.i("inputs", 0);
    TensorView data;
    if (static_cast<size_t>(inputs) < args.problem.inputs.size())
      data = args.constant(static_cast<int>(inputs));
    return std::make_unique<Running>(
        find_plugin(PluginKey::from(args.problem.attrs), data.data,
                    data.data ? static_cast<size_t>(data.bytes()) : 0));
  }

  std::unique_ptr<RowInstance> attach(const RowState* state,
                                      const AttachArgs& args) const override {
    auto bound = std::make_unique<Bound>();
    Plugin& plugin = *static_cast<const Running*>(state)->plugin;
    bound->on_host = args.device.host_accessible();
    bound->layer = args.problem.attrs.s("layer", "");
    bound->call.plugin = &plugin;
    bound->call.layer = bound->layer.c_str();
    bound->call.batch = static_cast<int32_t>(args.problem.outputs.at(0).dims.at(0).value());
    bound->call.inputs = static_cast<int32_t>(args.problem.attrs.i("inputs", 0));
    bound->call.outputs = static_cast<int32_t>(args.problem.outputs.size());
    const size_t bytes = plugin.workspace(static_cast<int>(args.problem.attrs.i("max_batch", 1)));
    bound->call.workspace = bytes > 0;
    bound->needs.step_scratch = static_cast<int64_t>(bytes);
    bound->needs.alignment = 256;
    return bound;
  }

  void record(Commands& commands, const Operands& operands, const RowState*,
              const RowInstance& instance) const noexcept override {
    const auto& bound = static_cast<const Bound&>(instance);
    const Call& c = bound.call;
    Slot slots[2 * kMaxOperands + 1];
    size_t count = 0;
    for (int k = 0; k < c.inputs; ++k) slots[count++] = operands.inputs[static_cast<size_t>(k)];
    for (int k = 0; k < c.outputs; ++k) slots[count++] = operands.outputs[static_cast<size_t>(k)];
    if (c.workspace) slots[count++] = operands.scratch;
    const std::span<const Slot> used(slots, count);
    commands.foreign(bound.on_host ? call_on_host : call_on_stream, used, &c, sizeof c, false);
  }
};

}  // namespace

void register_plugin_row() {
  static const bool kDone = [] {
    Op def;
    def.name = "TensorRTPlugin";
    def.doc = "A layer that a program implements through TensorRT's plugin interface.";
    def.inputs = {{"inputs", false, true}};
    def.outputs = {{"outputs", false, true}};
    def.attrs = {{"layer", "s", true},
                 {"number", "i", true},
                 {"inputs", "i", true},
                 {"max_batch", "i", true},
                 {"ranks", "ints", true},
                 {"dims", "ints", true},
                 {"plugin_type", "s", false},
                 {"plugin_version", "s", false},
                 {"plugin_namespace", "s", false}};
    def.infer = infer_outputs;
    register_op(std::move(def));
    register_row(std::make_unique<PluginRow>());
    return true;
  }();
  (void)kDone;
}

}  // namespace tenfold::trt
