// Checks of Problems at given sizes; parts of Problem::verify.
#pragma once

#include "tenfold/diag.h"
#include "tenfold/problem.h"

namespace tenfold {

// Extents not negative, products within 64 bits, loads that broadcast, and check_op.
void check_sizes(const Problem& problem, const SymbolValues& values);
// Attributes and shapes of the ops that Tenfold knows; others pass. `inputs` and `outputs` are the
// operands' extents. Error{kInvalid}.
void check_op(const Problem& problem, const std::vector<Extents>& inputs,
              const std::vector<Extents>& outputs);

}  // namespace tenfold
