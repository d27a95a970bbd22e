#include "backends/cpu/roofline.h"

#include <algorithm>

namespace tenfold::cpu {
namespace {

constexpr double kStepUs = 2.0;

// FP32 multiply-adds count two; per core, at usual clocks.
double peak_flops(const Target& target) {
  const double cores = static_cast<double>(std::max<int64_t>(1, target.i("threads", 1)));
  if (target.name == "x86-64-v4") return cores * 130e9;
  if (target.name == "x86-64-v3") return cores * 75e9;
  return cores * 20e9;
}

double bytes_per_second(const Target& target, double bytes) {
  const auto l2 = static_cast<double>(target.i("l2_bytes", 1 << 20));
  const auto l3 = static_cast<double>(target.i("l3_bytes", 16 << 20));
  return bytes < l2 ? 80e9 : bytes < l3 ? 35e9 : 12e9;
}

}  // namespace

double estimate_us(const Problem& problem, const Target& target, double efficiency) {
  const Cost cost = cost_of(problem, problem.tuning());
  const double compute = cost.flops / (peak_flops(target) * efficiency);
  const double memory = cost.bytes / bytes_per_second(target, cost.bytes);
  return kStepUs + 1e6 * std::max(compute, memory);
}

}  // namespace tenfold::cpu
