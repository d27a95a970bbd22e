// Region: nodes of the Graph that one step may replace. Grown from a start node along pointwise
// uses.
#pragma once

#include "tenfold/graph.h"

namespace tenfold::select {

// Nodes in topological order, the start first; `outputs` are the values that leave the region.
struct Region {
  std::vector<NodeId> nodes;
  std::vector<ValueId> outputs;
  NodeId start() const { return nodes.front(); }
};

bool is_pointwise(const Graph& graph, NodeId node);
// Reshape-like nodes and axis permutations that a change of Format can stand for.
bool is_view(const Graph& graph, NodeId node);

// The region of the node alone, then ever larger ones, each a superset of the one before. Every
// region has one output unless the start alone has several. Pointwise nodes are absorbed while they
// keep the start's output shape, at most `limit` of them.
std::vector<Region> grow_regions(const Graph& graph, NodeId start, int limit = 16);

}  // namespace tenfold::select
