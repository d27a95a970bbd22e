// Emission: a Selection becomes a Program of a plan section.
#pragma once

#include "src/compile/constants.h"
#include "src/compile/select.h"

namespace tenfold::select {

// Names, types and order of the plan's inputs and outputs: the graph's, linear and dense.
std::vector<Binding> bindings_of(const Graph& graph);

// Steps in order with conversions materialized, buffers, taps. Constants go to `constants`; machine
// code of generating rows to `section.artifacts`.
Program emit_program(const Graph& graph, const Selection& selection, const Candidates& candidates,
                     Conversions& conversions, const Target& target, ConstantTable& constants,
                     Section& section);

}  // namespace tenfold::select
