// The evaluation of any Expr in float, as other rows of ours may use it too.
#pragma once

#include "backends/cpu/simd/host_row.h"

namespace tenfold::cpu {

// Whether make_pointwise takes the operands' types and ranks, and the Expr.
Verdict check_pointwise(const Problem& problem);
// Of a bound Problem "Pointwise" or "Convert" that passed.
std::unique_ptr<HostWork> make_pointwise(const Problem& bound, int threads);

}  // namespace tenfold::cpu
