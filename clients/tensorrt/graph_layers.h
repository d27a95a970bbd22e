// Layers of a network from an imported Graph.
#pragma once

#include <map>

#include "network.h"
#include "tenfold/graph.h"

namespace tenfold::trt {

// Adds the graph's inputs and nodes to the network: typed layers where one says the same, named as
// the model's layer; values become tensors with their names. `plugins`: what runs nodes of the op
// TensorRTPlugin, by the attribute "layer". Error, and nothing is added, if the graph's inputs do
// not begin with a batch dimension that may vary.
std::map<ValueId, TensorImpl*> add_graph(
    NetworkCore& network, const Graph& graph,
    const std::map<std::string, std::shared_ptr<class Plugin>>& plugins);

}  // namespace tenfold::trt
