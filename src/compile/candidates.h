// Offers and Candidates: for every start node its regions, and for each the rows that can do it.
#pragma once

#include "src/compile/costs.h"
#include "src/compile/lower.h"

namespace tenfold::select {

// A region of the graph that rows' patterns match: its nodes, its boundary values and open Problem
// (`lowered`), and what the rows make of it.
struct Offer {
  Region region;
  Lowered lowered;
  std::vector<Candidate> candidates;  // in row list order
  double best_us() const;        // infinity without candidates
};

using Offers = std::vector<Offer>;   // of one start, by growing region

// What the search looks at for every node that can start a region, by node.
struct Candidates {
  std::map<NodeId, Offers> by_start;
  std::map<NodeId, std::vector<std::string>> refused;  // why nodes without a Candidate have none
  std::vector<Symbol> symbols;   // with this profile's ranges and tuning sizes
};

// The storage types that a profile permits for weakly typed values.
TypeSet permitted_types(const CompileOptions& options);

// Matches, asks and times. Refusals go to `explanation` if given.
Candidates collect_candidates(const Graph& graph, const Target& target,
                              const CompileOptions& options, const std::vector<Symbol>& symbols,
                              Costs& costs, Explanation* explanation);

// Whether a row is the specification's: taken only where no other row offers anything.
bool is_reference(const Row& row);

// Rows of the target's kind that the options do not exclude, in list order.
std::vector<const Row*> rows_for(const Target& target, const CompileOptions& options);

std::string region_name(const Graph& graph, const Region& region);
std::string formats_text(const FormatTuple& formats);
// Closes an open Problem with a tuple; empty reason when the tuple respects fixed types.
std::optional<Problem> close(const Problem& open, const FormatTuple& formats, std::string* why);

}  // namespace tenfold::select
