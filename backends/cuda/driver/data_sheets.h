// GPUs known by name, with their data sheets' numbers.
#pragma once

#include <optional>

#include "tenfold/kernel.h"
#include "tenfold/target.h"

namespace tenfold::cuda {

// "h200", ..., then "sm_90", ...: the weakest known GPU of a compute capability.
std::vector<std::string> gpu_names();
std::optional<Target> find_gpu(std::string_view name);
// Whether its tensor cores multiply tf32; a target that does not say its capability has them.
Verdict has_tf32(const Target& target);

}  // namespace tenfold::cuda
