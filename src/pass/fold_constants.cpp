// A node of constants becomes a recipe over them. No value is computed here.
#include <algorithm>
#include <map>

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
  int64_t bytes = 0;
  try {
    bytes = bytes_for(type.dtype, element_count(const_extents(type.shape)));
  } catch (const Error&) {  // no memory could hold it
    return false;
  }
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

// Gathers recipes front to back, so that a recipe may be over those before it.
class Folder {
 public:
  Folder(const Graph& graph, int64_t budget) : graph_(graph), budget_(budget) {}

  void fold(Patch& patch, NodeId id) {
    const Node& node = graph_.node(id);
    if (node.inputs.empty() || !built_in(node.op) || !node.graphs.empty()) return;
    if (node.outputs.size() > 1 && node.op != "Split") return;
    std::vector<ValueId> constants;
    for (ValueId v : node.inputs) {
      const auto folded = folded_.find(v);
      if (folded == folded_.end() && !is_constant(graph_, v)) return;
      constants.push_back(folded == folded_.end() ? v : folded->second);
    }
    for (ValueId v : node.outputs)
      if (graph_.is_output(v) || !affordable(graph_, node, graph_.type(v), budget_)) return;
    for (size_t k = 0; k < node.outputs.size(); ++k) {
      const std::string& name = graph_.value(node.outputs[k]).name;
      const bool split = node.op == "Split";
      const ValueId recipe =
          patch.recipe(split ? "Slice" : node.op, constants,
                       split ? slice_of_split(graph_, node, k) : node.attrs, name);
      patch.replace(node.outputs[k], recipe);
      folded_[node.outputs[k]] = recipe;
    }
  }

 private:
  const Graph& graph_;
  int64_t budget_;
  std::map<ValueId, ValueId> folded_;
};

}  // namespace

bool fold_constants(Graph& graph, const PassOptions& options) {
  Folder folder(graph, options.fold_budget_bytes);
  return rewrite_nodes(graph, [&](Patch& patch, NodeId id) { folder.fold(patch, id); });
}

}  // namespace tenfold::passes
