// Covers: sets of Offers that hold every node of the graph, or of a part of it, once.
#pragma once

#include <set>

#include "src/compile/select.h"

namespace tenfold::select {

// For each start, in topological order, the region whose time, with the best time of what it leaves
// of the start's largest region, is least; every Offer at its best Format. Exact on chains whose
// Formats cost nothing to convert. Error{kUnsupported} lists every node without a kernel.
std::vector<const Offer*> first_cover(const Graph& graph, const Candidates& candidates);

// Offers that hold exactly `nodes`, the largest regions first come; empty if there are none.
std::vector<const Offer*> cover_of(const Graph& graph, const Candidates& candidates,
                                   const std::set<NodeId>& nodes);

// Groups in data-flow order, ties by the position of their last node; nothing if they depend on
// each other in a circle.
std::optional<std::vector<Group>> ordered(const Graph& graph, const std::vector<Group>& groups);

}  // namespace tenfold::select
