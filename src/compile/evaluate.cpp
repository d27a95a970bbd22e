// The compiler's evaluator: constants and whole graphs through the reference rows.
#include <functional>

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

std::vector<Tensor> run_node(const Graph& graph, NodeId id,
                             const std::function<Tensor(ValueId)>& value,
                             const SymbolValues& symbols) {
  select::Region region;
  region.nodes = {id};
  region.outputs = graph.node(id).outputs;
  std::vector<Symbol> all = graph.symbols();
  select::Lowered lowered = select::lower(graph, region, all);
  lowered.problem.closed = true;
  const Problem bound = lowered.problem.bind(symbols);
  std::vector<Tensor> inputs;
  for (size_t k = 0; k < lowered.inputs.size(); ++k) inputs.push_back(value(lowered.inputs[k]));
  if (only_renames_axes(graph.node(id).op))
    return {inputs.at(0).reshaped(eval(graph.type(graph.node(id).outputs.at(0)).shape, symbols))};
  return evaluate_problem_all(bound, inputs);
}

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
                                       const std::map<std::string, Tensor>& inputs) {
  const SymbolValues symbols = solve_symbols(graph, inputs);
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
  for (NodeId id : graph.order()) {
    std::vector<Tensor> results = run_node(graph, id, value, symbols);
    const Node& node = graph.node(id);
    for (size_t k = 0; k < node.outputs.size() && k < results.size(); ++k)
      values[node.outputs[k]] = results[k];
  }
  std::vector<Tensor> outputs;
  for (const GraphOutput& o : graph.outputs()) outputs.push_back(value(o.value));
  return outputs;
}

}  // namespace tenfold
