// Estimated times on a CPU, as a pure function of Problem and Target.
#pragma once

#include "tenfold/problem.h"

namespace tenfold::cpu {

// Microseconds at tuning(): the larger of arithmetic at `efficiency` of the peak and of memory
// traffic, plus the fixed cost of a step.
double estimate_us(const Problem& problem, const Target& target, double efficiency);

}  // namespace tenfold::cpu
