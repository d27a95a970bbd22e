#define TENFOLD_LOOP loop_baseline
#include "backends/cpu/simd/loops.inc"

#include <cstdlib>
#include <initializer_list>
#include <string>
#include <string_view>

#include "tenfold/diag.h"
#include "tenfold/expr.h"

namespace tenfold::cpu::simd {

static_assert(static_cast<int>(ExprOp::kCast) == 4 && static_cast<int>(ExprOp::kAdd) == 10 &&
              static_cast<int>(ExprOp::kPow) == 16 && static_cast<int>(ExprOp::kNeg) == 30 &&
              static_cast<int>(ExprOp::kSign) == 43 && static_cast<int>(ExprOp::kSoftplus) == 44 &&
              static_cast<int>(ExprOp::kSin) == 45 && static_cast<int>(ExprOp::kCos) == 46 &&
              static_cast<int>(ExprOp::kNot) == 47 && static_cast<int>(ExprOp::kRelu) == 60 &&
              static_cast<int>(ExprOp::kPRelu) == 64 && static_cast<int>(ExprOp::kEqual) == 80 &&
              static_cast<int>(ExprOp::kXor) == 87 && static_cast<int>(ExprOp::kSelect) == 90);

namespace {
constexpr const char *kBaseline = "x86-64-v2", *kAvx2 = "x86-64-v3";
}  // namespace

const char* permitted_isa() {
  static const char* const permitted = [] {
    const char* const given = std::getenv("TENFOLD_CPU_ISA");
    const std::string_view name = given ? given : "";
    for (const char* known : {kBaseline, kAvx2})
      if (name == known) return known;
    if (!name.empty())
      log(Severity::kWarning, "TENFOLD_CPU_ISA=" + std::string(name) + " is ignored: there are " +
                                  kBaseline + " and " + kAvx2);
    return "";
  }();
  return permitted;
}

Loop best_loop() {
#if defined(__x86_64__)
  const std::string_view most = permitted_isa();
  if (most == kBaseline) return loop_baseline;
  __builtin_cpu_init();
  if (most != kAvx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    return loop_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("bmi2"))
    return loop_avx2;
#endif
  return loop_baseline;
}

}  // namespace tenfold::cpu::simd
