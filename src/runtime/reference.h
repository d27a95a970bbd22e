// Evaluating one Problem with the reference row on the CPU: recipes, comparisons, the compiler's
// folding.
#pragma once

#include "tenfold/device.h"

namespace tenfold {

// Runs the row "ref.<op>" on a closed Problem whose dims are numbers. Input k holds the bytes of
// operand k in that operand's Format. Returns a tensor per output: of the output's dims when its
// storage is dense row-major, else one-dimensional over its storage elements.
// Error{kUnsupported} when there is no such row or it refuses, with its reason.
std::vector<Tensor> evaluate_problem_all(const Problem& problem, const std::vector<Tensor>& inputs,
                                         int threads = 0);
Tensor evaluate_problem(const Problem& problem, const std::vector<Tensor>& inputs, int threads = 0);

}  // namespace tenfold
