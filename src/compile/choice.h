// What becomes of a whole graph: selections of all profiles, for the spelling that takes less time.
#pragma once

#include <memory>

#include "src/compile/select.h"

namespace tenfold::select {

// What select made of one profile.
struct Selected {
  Candidates found;
  std::unique_ptr<Conversions> conversions;
  Selection selection;
  Explanation explanation;
};

// One spelling of the graph and what select made of it. Stays where it is: parts point to others.
struct Choice {
  explicit Choice(Graph g) : graph(std::move(g)) {}
  Graph graph;
  std::vector<std::unique_ptr<Selected>> profiles;
  double us = 0;  // of all profiles
};

// The graph as it is or with sibling convolutions merged, whichever takes less time. `remarks` gets
// what was compared. Error{kInvalid} for a profile that does not fit, {kUnsupported} as select.
std::unique_ptr<Choice> choose(const Graph& graph, const Target& target,
                               const CompileOptions& options, Costs& costs,
                               std::vector<std::string>& remarks);

}  // namespace tenfold::select
