// Flatten, Squeeze, Unsqueeze and Reshape become Reshape in one spelling; so do Transposes that
// only move axes of 1. Consecutive Reshapes are one, and consecutive Transposes.
#include <algorithm>

#include "src/pass/common.h"

namespace tenfold::passes {
namespace {

// Whether the axes that are not 1 keep their order.
bool moves_only_ones(const Shape& x, const std::vector<int64_t>& perm) {
  int64_t last = -1;
  for (int64_t axis : perm) {
    if (x[static_cast<size_t>(axis)] == Dim(1)) continue;
    if (axis < last) return false;
    last = axis;
  }
  return true;
}

bool is_reshape(const Graph& graph, const Node& node) {
  if (node.op == "Reshape" || node.op == "Flatten" || node.op == "Squeeze" ||
      node.op == "Unsqueeze")
    return true;
  return node.op == "Transpose" && node.attrs.has("perm") &&
         moves_only_ones(graph.type(node.inputs[0]).shape, node.attrs.ints("perm"));
}

// Whether only another reshape sees the node's result: that one reaches past it.
bool inside_a_chain(const Graph& graph, const Node& node) {
  return used_once(graph, node.outputs[0]) &&
         is_reshape(graph, graph.node(graph.uses(node.outputs[0])[0]));
}

void rewrite_reshape(const Graph& graph, Patch& patch, NodeId id) {
  // Reshapes that one chain reaches past from the first on that has other users: those reach past
  // it, too.
  constexpr int kMaxShared = 64;
  const Node& node = graph.node(id);
  if (inside_a_chain(graph, node)) return;
  std::vector<const Node*> chain{&node};
  ValueId from = node.inputs[0];
  int shared = 0;
  while (const Node* before = producer_of(graph, from)) {
    if (!is_reshape(graph, *before)) break;
    if ((shared > 0 || !used_once(graph, from)) && ++shared > kMaxShared) break;
    chain.push_back(before);
    from = before->inputs[0];
  }
  std::reverse(chain.begin(), chain.end());
  const Shape& to = graph.type(node.outputs[0]).shape;
  const Attrs attrs = reshape_attrs(graph.type(from).shape, to);
  if (from == node.inputs[0] && node.op == "Reshape" && attrs == node.attrs) return;
  patch.replace(node.outputs[0], patch.add("Reshape", {from}, attrs, node.name, sources_of(chain)));
}

void rewrite_transpose(const Graph& graph, Patch& patch, NodeId id) {
  const Node& node = graph.node(id);
  const Node* before = producer_of(graph, node.inputs[0], "Transpose");
  if (!before || !node.attrs.has("perm") || !before->attrs.has("perm")) return;
  const std::vector<int64_t> first = before->attrs.ints("perm");
  std::vector<int64_t> perm;
  for (int64_t axis : node.attrs.ints("perm")) perm.push_back(first[static_cast<size_t>(axis)]);
  patch.replace(node.outputs[0], patch.add("Transpose", {before->inputs[0]}, {{"perm", perm}},
                                           node.name, merge(before->sources, node.sources)));
}

}  // namespace

bool canonical_reshape(Graph& graph, const PassOptions&) {
  return rewrite_nodes(graph, [&](Patch& patch, NodeId id) {
    if (is_reshape(graph, graph.node(id))) {
      rewrite_reshape(graph, patch, id);
    } else if (graph.node(id).op == "Transpose") {
      rewrite_transpose(graph, patch, id);
    }
  });
}

}  // namespace tenfold::passes
