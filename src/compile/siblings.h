// Sibling convolutions: convolutions of one value that differ in their weights alone may run as
// one, whose output is split. Select compares spellings of the graph by time.
#pragma once

#include "tenfold/graph.h"

namespace tenfold::select {

// A convolution, and the activation behind it if nothing else sees what is between.
struct Sibling {
  NodeId conv, activation;
  ValueId result;
  bool joined =
      false;  // a concatenation takes the result as it is: it may be written there at once
};

// Two or more siblings in the order of the graph, with the same activation behind them or none.
using SiblingSet = std::vector<Sibling>;

// By first member, so that equal graphs give equal sets.
std::vector<SiblingSet> find_siblings(const Graph& graph);

// "conv1 | conv2".
std::string name_of(const Graph& graph, const SiblingSet& set);

// The graph with each of the sets, which share no member, as one convolution; weights become
// recipes.
Graph merge_siblings(const Graph& graph, const std::vector<SiblingSet>& sets);

}  // namespace tenfold::select
