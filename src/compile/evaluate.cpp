// The compiler's evaluator: constants and whole graphs through the reference rows.
#include <functional>
#include <limits>

#include "src/compile/lower.h"
#include "src/runtime/reference.h"
#include "tenfold/compile.h"

namespace tenfold {
namespace {

// Reshape-like results only rename the axes, so their bytes are shared instead of computed.
bool only_renames_axes(const std::string& op) {
  return op == "Reshape" || op == "Flatten" || op == "Squeeze" || op == "Unsqueeze" ||
         op == "Identity";
}

// The part of a tensor that begins at its first element.
Tensor trimmed(const Tensor& tensor, const Extents& dims) {
  if (dims == tensor.dims()) return tensor;
  Tensor out(tensor.dtype(), dims);
  const Format whole{tensor.dtype(), Layout::linear()};
  Extents index(dims.size(), 0);
  for (int64_t k = 0; k < out.count(); ++k) {
    store_element(out.dtype(), out.mutable_data(), k,
                  tensor.at(offset_of(whole, tensor.dims(), index)));
    for (size_t d = dims.size(); d-- > 0 && ++index[d] == dims[d];) index[d] = 0;
  }
  return out;
}

std::vector<Tensor> run_body(const Graph& body, const std::vector<Tensor>& given) {
  std::map<std::string, Tensor> inputs;
  for (size_t k = 0; k < given.size(); ++k) inputs[body.value(body.inputs().at(k)).name] = given[k];
  return evaluate_reference(body, inputs);
}

// The iterations' results, one after another.
Tensor stacked(const std::vector<Tensor>& parts, DType dtype, Extents one) {
  one.insert(one.begin(), static_cast<int64_t>(parts.size()));
  Tensor all(dtype, one);
  int64_t at = 0;
  for (const Tensor& part : parts)
    for (int64_t k = 0; k < part.count(); ++k)
      store_element(dtype, all.mutable_data(), at++, part.at(k));
  return all;
}

std::vector<Tensor> run_loop(const Graph& graph, const Node& node,
                             const std::function<Tensor(ValueId)>& value, SymbolValues& symbols) {
  const auto given = [&](size_t k) { return k < node.inputs.size() && node.inputs[k].valid(); };
  const Graph& body = *node.graphs.front();
  const auto carried = static_cast<size_t>(node.attrs.i("carried", 0));
  const double limit = given(0) ? value(node.inputs[0]).at(0) : std::numeric_limits<double>::max();
  bool goes_on = !given(1) || value(node.inputs[1]).at(0) != 0;
  std::vector<Tensor> inputs{Tensor(), Tensor()};
  for (size_t k = 2; k < node.inputs.size(); ++k) inputs.push_back(value(node.inputs[k]));
  std::vector<std::vector<Tensor>> gathered(node.outputs.size() - carried);
  int64_t done = 0;
  for (; goes_on && static_cast<double>(done) < limit; ++done) {
    inputs[0] = Tensor::of<int64_t>(DType::kI64, {}, {done});
    inputs[1] = Tensor::of<int>(DType::kBool, {}, {1});
    const std::vector<Tensor> made = run_body(body, inputs);
    goes_on = made[0].at(0) != 0;
    for (size_t k = 0; k < carried; ++k) inputs[2 + k] = made[1 + k];
    for (size_t k = 0; k < gathered.size(); ++k) gathered[k].push_back(made[1 + carried + k]);
  }
  if (node.attrs.has("count")) symbols.set(node.attrs.s("count", ""), done);
  std::vector<Tensor> outputs(inputs.begin() + 2,
                              inputs.begin() + 2 + static_cast<std::ptrdiff_t>(carried));
  for (size_t k = 0; k < gathered.size(); ++k) {
    const Type& type = graph.type(node.outputs[carried + k]);
    Extents one = eval(Shape(type.shape.begin() + 1, type.shape.end()), symbols);
    outputs.push_back(stacked(gathered[k], type.dtype, std::move(one)));
  }
  return outputs;
}

std::vector<Tensor> run_flow(const Graph& graph, const Node& node,
                             const std::function<Tensor(ValueId)>& value, SymbolValues& symbols) {
  if (node.op == "Loop") return run_loop(graph, node, value, symbols);
  std::vector<Tensor> inputs;
  for (size_t k = 1; k < node.inputs.size(); ++k) inputs.push_back(value(node.inputs[k]));
  return run_body(*node.graphs[value(node.inputs[0]).at(0) != 0 ? 0 : 1], inputs);
}

// What the op counts: all the room for it while it runs, then as much as it found.
std::vector<Op::Count> counts_of(const Graph& graph, const Node& node) {
  const Op* def = find_op(node.op);
  if (!def || !def->counts) return {};
  InferContext context{node.attrs, {}, {}, static_cast<int>(node.outputs.size()), {}};
  for (ValueId v : node.inputs) {
    context.inputs.push_back(graph.type(v));
    context.constants.push_back(nullptr);
  }
  return def->counts(context);
}

select::Lowered lower_node(const Graph& graph, NodeId id) {
  select::Region region;
  region.nodes = {id};
  region.outputs = graph.node(id).outputs;
  select::Lowered lowered = select::lower(graph, region, graph.symbols());
  lowered.problem.closed = true;
  return lowered;
}

std::vector<Tensor> run_node(const Graph& graph, NodeId id,
                             const std::function<Tensor(ValueId)>& value,
                             const SymbolValues& symbols) {
  const select::Lowered lowered = lower_node(graph, id);
  const Problem bound = lowered.problem.bind(symbols);
  std::vector<Tensor> inputs;
  for (size_t k = 0; k < lowered.inputs.size(); ++k) inputs.push_back(value(lowered.inputs[k]));
  if (only_renames_axes(graph.node(id).op))
    return {inputs.at(0).reshaped(eval(graph.type(graph.node(id).outputs.at(0)).shape, symbols))};
  return evaluate_problem_all(bound, inputs);
}

// Tells how much of the nodes' work is done. What a node counts stands at its bound in estimates.
class WorkMeter {
 public:
  WorkMeter(const Graph& graph, const std::vector<NodeId>& order, SymbolValues symbols,
            const ProgressFn& told)
      : told_(told) {
    if (!told_) return;
    for (NodeId id : order) {
      const Node& node = graph.node(id);
      double work = 1;
      if (node.graphs.empty()) {
        for (const Op::Count& count : counts_of(graph, node))
          symbols.set(count.symbol, count.bound.eval(symbols));
        const Cost cost = cost_of(lower_node(graph, id).problem, symbols);
        work += cost.flops + cost.bytes;
      } else if (node.attrs.has("count")) {
        symbols.set(node.attrs.s("count", ""), 1);
      }
      work_.push_back(work);
      total_ += work;
    }
  }
  void done(size_t node) {
    if (!told_) return;
    done_ += work_[node];
    const auto share = static_cast<int64_t>(kWhole * done_ / total_);
    if (!told_({"running the reference kernels", share, kWhole}))
      throw Error(Code::kCancelled, "cancelled between nodes");
  }

 private:
  static constexpr int64_t kWhole = 1000;
  const ProgressFn& told_;
  std::vector<double> work_;
  double done_ = 0, total_ = 0;
};

// Symbol values that the given inputs imply; Error{kInvalid} when a shape does not fit.
SymbolValues solve_symbols(const Graph& graph, const std::map<std::string, Tensor>& inputs) {
  SymbolValues values;
  for (ValueId v : graph.inputs()) {
    const std::string& name = graph.value(v).name;
    const auto given = inputs.find(name);
    if (given == inputs.end()) throw Error(Code::kNotFound, "input '" + name + "' is missing");
    const Shape& shape = graph.type(v).shape;
    const Extents& dims = given->second.dims();
    if (dims.size() != shape.size())
      throw Error(Code::kInvalid, "input '" + name + "' has rank " + std::to_string(dims.size()) +
                                      ", the graph wants " + graph.type(v).str());
    for (size_t k = 0; k < shape.size(); ++k) {
      std::vector<std::string> names;
      shape[k].collect_symbols(names);
      if (names.size() == 1 && shape[k] == Dim::symbol(names[0]) && !values.find(names[0]))
        values.set(names[0], dims[k]);
    }
    if (eval(shape, values) != dims)
      throw Error(Code::kInvalid,
                  "input '" + name + "': shape does not fit " + graph.type(v).str());
  }
  return values;
}

}  // namespace

Tensor evaluate_constant(const Graph& graph, ConstantId root) {
  std::map<uint32_t, Tensor> done;
  std::vector<ConstantId> pending{root};
  while (!pending.empty()) {
    const ConstantId id = pending.back();
    const Constant& c = graph.constant(id);
    bool ready = true;
    for (ConstantId input : c.inputs)
      if (!done.count(input.index)) {
        pending.push_back(input);
        ready = false;
      }
    if (!ready) continue;
    pending.pop_back();
    if (done.count(id.index)) continue;
    if (!c.is_recipe()) {
      done[id.index] = c.source;
      continue;
    }
    std::vector<Tensor> inputs;
    for (ConstantId input : c.inputs) inputs.push_back(done.at(input.index));
    done[id.index] = only_renames_axes(c.op)
                         ? inputs.at(0).reshaped(const_extents(c.type.shape))
                         : evaluate_problem(select::lower_recipe(graph, c), inputs);
  }
  return done.at(root.index);
}

std::vector<Tensor> evaluate_reference(const Graph& graph,
                                       const std::map<std::string, Tensor>& inputs,
                                       const ProgressFn& progress) {
  SymbolValues symbols = solve_symbols(graph, inputs);
  std::map<ValueId, Tensor> values;
  for (ValueId v : graph.inputs()) {
    const Tensor& t = inputs.at(graph.value(v).name);
    values[v] = t.dtype() == graph.type(v).dtype ? t : t.cast(graph.type(v).dtype);
  }
  const std::function<Tensor(ValueId)> value = [&](ValueId v) -> Tensor {
    if (const auto found = values.find(v); found != values.end()) return found->second;
    const ConstantId c = graph.value(v).constant;
    if (!c.valid())
      throw Error(Code::kInternal, "value '" + graph.value(v).name + "' was not computed");
    return values[v] = evaluate_constant(graph, c);
  };
  const std::vector<NodeId>& order = graph.order();
  WorkMeter meter(graph, order, symbols, progress);
  for (size_t at = 0; at < order.size(); meter.done(at++)) {
    const NodeId id = order[at];
    const Node& node = graph.node(id);
    const bool flow = !node.graphs.empty();
    const std::vector<Op::Count> counts = flow ? std::vector<Op::Count>{} : counts_of(graph, node);
    for (const Op::Count& count : counts) symbols.set(count.symbol, count.bound.eval(symbols));
    std::vector<Tensor> results =
        flow ? run_flow(graph, node, value, symbols) : run_node(graph, id, value, symbols);
    for (const Op::Count& count : counts)
      symbols.set(count.symbol,
                  static_cast<int64_t>(results.at(static_cast<size_t>(count.output)).at(0)));
    for (size_t k = 0; !counts.empty() && k < results.size(); ++k)
      results[k] = trimmed(results[k], eval(graph.type(node.outputs[k]).shape, symbols));
    for (size_t k = 0; k < node.outputs.size() && k < results.size(); ++k)
      values[node.outputs[k]] = results[k];
  }
  std::vector<Tensor> outputs;
  for (const GraphOutput& o : graph.outputs()) outputs.push_back(value(o.value));
  return outputs;
}

}  // namespace tenfold
