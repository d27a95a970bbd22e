// A node of constants becomes a recipe over them. No value is computed here.
#include <algorithm>

#include "src/pass/common.h"

namespace tenfold::passes {
namespace {

// Plugins have no reference row that could evaluate a recipe.
bool built_in(std::string_view op) {
#define OP(Name) \
  if (op == #Name) return true;
#include "src/op/ops.def"
#undef OP
  return false;
}

bool affordable(const Graph& graph, const Node& node, const Type& type, int64_t budget) {
  if (!is_const(type.shape) || type.dtype == DType::kString) return false;
  const int64_t bytes = bytes_for(type.dtype, element_count(const_extents(type.shape)));
  int64_t largest = budget;  // what is no larger than an operand costs nothing more
  for (ValueId v : node.inputs) {
    const Type& t = graph.type(v);
    largest = std::max(largest, bytes_for(t.dtype, element_count(const_extents(t.shape))));
  }
  return bytes <= largest;
}

// Output k of a Split as a Slice.
Attrs slice_of_split(const Graph& graph, const Node& node, size_t k) {
  const int64_t axis = node.attrs.i("axis", 0);
  const int64_t rank = static_cast<int64_t>(graph.type(node.inputs[0]).shape.size());
  const size_t at = static_cast<size_t>(axis < 0 ? axis + rank : axis);
  int64_t start = 0;
  for (size_t j = 0; j < k; ++j) start += graph.type(node.outputs[j]).shape[at].value();
  const int64_t end = start + graph.type(node.outputs[k]).shape[at].value();
  using Ints = std::vector<int64_t>;
  return {{"starts", Ints{start}}, {"ends", Ints{end}}, {"axes", Ints{static_cast<int64_t>(at)}}};
}

}  // namespace

bool fold_constants(Graph& graph, const PassOptions& options) {
  return for_each_node(graph, [&](NodeId id) {
    const Node& node = graph.node(id);
    const bool constant =
        !node.inputs.empty() && std::all_of(node.inputs.begin(), node.inputs.end(),
                                            [&](ValueId v) { return is_constant(graph, v); });
    if (!constant || !built_in(node.op) || !node.graphs.empty()) return false;
    if (node.outputs.size() > 1 && node.op != "Split") return false;
    for (ValueId v : node.outputs)
      if (graph.is_output(v) || !affordable(graph, node, graph.type(v), options.fold_budget_bytes))
        return false;
    Patch patch(graph);
    for (size_t k = 0; k < node.outputs.size(); ++k) {
      const std::string& name = graph.value(node.outputs[k]).name;
      const bool split = node.op == "Split";
      patch.replace(node.outputs[k],
                    patch.recipe(split ? "Slice" : node.op, node.inputs,
                                 split ? slice_of_split(graph, node, k) : node.attrs, name));
    }
    commit(graph, std::move(patch));
    return true;
  });
}

}  // namespace tenfold::passes
