// Plans made by hand, without a compiler: for tests of the plan and the runtime.
#pragma once

#include <random>

#include "tenfold/plan.h"

namespace tenfold::test {

// data f32[N,2,6,6] -> Conv 3x3 with bias and ReLU -> Pointwise (x * 0.5 + x) -> out f32[N,4,6,6],
// N in 0..8. The weights are a recipe (twice the stored ones). Taps: "conv". `prefix` names the
// rows.
Plan small_plan(const std::string& prefix = "ref.", const std::string& device = "cpu");

// What small_plan computes, in double, for one input.
std::vector<double> small_plan_reference(const Tensor& data);

// As small_plan, with a second program for N = 1 of one step more ("relu" twice).
Plan guarded_plan();

// `steps` Pointwise steps in a chain over f32[N,16]; N in 0..64.
Plan chain_plan(int steps);

// A valid plan of random content: every step kind, element type and layout occurs over the seeds.
Plan random_plan(uint64_t seed);

// Adds stored f32 values to a section; returns the constant's index.
uint32_t add_constant(Section& section, const std::string& name, const Extents& dims,
                      const std::vector<float>& values);

Tensor random_tensor(const Extents& dims, uint64_t seed);

}  // namespace tenfold::test
