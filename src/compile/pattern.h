// Row patterns: an anchor in the IR's text form, "Conv(x, @w)".
#pragma once

#include "tenfold/graph.h"

namespace tenfold::select {

struct Pattern {
  struct Arg {
    std::string name;
    bool constant = false;
  };
  std::string op;                // "Pointwise" matches any pointwise region
  std::vector<Arg> args;
  bool variadic = false;         // "..." at the end
};

// Error{kInternal} with the position: patterns are written by row authors.
Pattern parse_pattern(std::string_view text);
// Whether the anchor's leading inputs fit. `why` receives the reason when they do not.
bool matches(const Pattern& pattern, const Graph& graph, NodeId node, std::string* why);

}  // namespace tenfold::select
