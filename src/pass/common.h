// What passes share. A pass returns whether it changed the graph.
#pragma once

#include "tenfold/graph.h"

namespace tenfold::passes {

#define PASS(name) bool name(Graph& graph, const PassOptions& options);
#include "src/pass/pipeline.def"
#undef PASS

// Applies a patch and drops what it made idle.
void commit(Graph& graph, Patch&& patch);

// Calls `rewrite(patch, id)` for every node, front to back, and applies what it gathered in one
// patch: the work grows with the graph, not with its square. Rewrites see the graph as it stood;
// a replaced value has the type of its replacement. Returns whether anything changed.
template <typename F>
bool rewrite_nodes(Graph& graph, F rewrite) {
  Patch patch(graph);
  for (NodeId id : graph.order()) rewrite(patch, id);
  if (patch.empty()) return false;
  commit(graph, std::move(patch));
  return true;
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
std::vector<std::string> sources_of(const std::vector<const Node*>& nodes);

// Attributes with which Reshape turns `from` into `to`, in the one spelling: numbers; 0 for a
// symbolic dimension that stays in its place; -1 for one other symbolic dimension; else `dims`.
Attrs reshape_attrs(const Shape& from, const Shape& to);
// A constant in another shape: itself where it has that shape already.
ValueId reshape_constant(Patch& patch, ValueId constant, const Shape& from, const Shape& to);

}  // namespace tenfold::passes
