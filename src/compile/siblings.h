// Sibling convolutions: convolutions of one value that differ in their weights alone may run as
// one, whose output is split. Select compares both by time.
#pragma once

#include <optional>

#include "tenfold/graph.h"

namespace tenfold::select {

enum class Siblings {
  kAll,    // every set
  kApart,  // sets without the convolutions whose result a concatenation takes as it is: those may
           // be written into its buffer at once
};

// The graph with its sets of sibling convolutions (two or more, with the same activation behind
// them or none) merged; their weights become recipes. No value where there is no such set. `names`
// gets the names of each set's convolutions, joined by " | ".
std::optional<Graph> merge_siblings(const Graph& graph, Siblings which,
                                    std::vector<std::string>& names);

}  // namespace tenfold::select
