// Slices: a producer writes into its part of a concatenation's buffer, a consumer reads its part of
// what was split. Both compete with the copying kernel by time.
#pragma once

#include "src/compile/select.h"

namespace tenfold::select {

// Replaces concatenations and splits along axis 1 of `selection` by slices where that is faster.
// What was looked at, and why something was left as it is, goes to `explanation` if given.
void choose_slices(const Graph& graph, const Target& target, Selection& selection,
                   Conversions& conversions, Costs& costs, Explanation* explanation);

}  // namespace tenfold::select
