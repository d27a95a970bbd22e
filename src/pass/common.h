// What passes share. A pass returns whether it changed the graph.
#pragma once

#include "tenfold/graph.h"

namespace tenfold::passes {

#define PASS(name) bool name(Graph& graph, const PassOptions& options);
#include "src/pass/pipeline.def"
#undef PASS

// Applies a patch and drops what it made idle.
void commit(Graph& graph, Patch&& patch);

// Calls `rewrite` for every node of the graph as it stood, front to back; nodes that an earlier
// rewrite removed are left out. `rewrite` commits its own patches and returns whether it did.
template <typename F>
bool for_each_node(Graph& graph, F rewrite) {
  bool changed = false;
  std::vector<NodeId> order(graph.order());  // rewrites change the graph's own
  for (NodeId id : order)
    if (!graph.node(id).op.empty() && rewrite(id)) changed = true;
  return changed;
}

// The node that makes a value, if its op is `op` (any when empty); null for inputs and constants.
const Node* producer_of(const Graph& graph, ValueId value, std::string_view op = {});
bool is_constant(const Graph& graph, ValueId value);
// Whether nothing but one node sees the value: one use and no graph output.
bool used_once(const Graph& graph, ValueId value);
// The number that all elements of a constant source equal; none for recipes and large constants.
std::optional<double> uniform_value(const Graph& graph, ValueId value);
// Names of layers, in order, without repeats.
std::vector<std::string> merge(std::vector<std::string> a, const std::vector<std::string>& b);

// Attributes with which Reshape turns `from` into `to`, in the one spelling: numbers; 0 for a
// symbolic dimension that stays in its place; -1 for one other symbolic dimension; else `dims`.
Attrs reshape_attrs(const Shape& from, const Shape& to);
// A constant in another shape: itself where it has that shape already.
ValueId reshape_constant(Patch& patch, ValueId constant, const Shape& from, const Shape& to);

}  // namespace tenfold::passes
