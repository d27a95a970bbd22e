// Lowering: a Region of the Graph becomes one open Problem.
#pragma once

#include "src/compile/region.h"
#include "tenfold/problem.h"

namespace tenfold::select {

struct Lowered {
  Problem problem;              // open: Formats hold the graph's types, linear
  std::vector<ValueId> inputs;  // in Problem.inputs order
  std::vector<ValueId> outputs;
};

// The Problem of a region: the start is the anchor unless it is pointwise, everything else is Expr.
// `symbols` gives ranges and tuning sizes. Error{kInternal} when the region is not lowerable.
Lowered lower(const Graph& graph, const Region& region, const std::vector<Symbol>& symbols);

// The Problem of a constant recipe over its inputs' types; pointwise ops become "Pointwise".
Problem lower_recipe(const Graph& graph, const Constant& recipe);

// The closed Problem that copies a value of these dims from one Format to another. Its symbols are
// the caller's to add.
Problem conversion(const Shape& dims, const Format& from, const Format& to, bool constant = false);

}  // namespace tenfold::select
