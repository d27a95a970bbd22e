#define TENFOLD_LOOP loop_baseline
#include "backends/cpu/simd/loops.inc"

#include <cstdlib>
#include <string_view>

#include "tenfold/expr.h"

namespace tenfold::cpu::simd {

static_assert(static_cast<int>(ExprOp::kCast) == 4 && static_cast<int>(ExprOp::kAdd) == 10 &&
              static_cast<int>(ExprOp::kPow) == 16 && static_cast<int>(ExprOp::kNeg) == 30 &&
              static_cast<int>(ExprOp::kSign) == 43 && static_cast<int>(ExprOp::kSoftplus) == 44 &&
              static_cast<int>(ExprOp::kSin) == 45 && static_cast<int>(ExprOp::kCos) == 46 &&
              static_cast<int>(ExprOp::kNot) == 47 && static_cast<int>(ExprOp::kRelu) == 60 &&
              static_cast<int>(ExprOp::kPRelu) == 64 && static_cast<int>(ExprOp::kEqual) == 80 &&
              static_cast<int>(ExprOp::kXor) == 87 && static_cast<int>(ExprOp::kSelect) == 90);

bool knows_isa(const char* name) {
  const std::string_view isa = name;
  return isa == "x86-64-v2" || isa == "x86-64-v3";
}

Loop best_loop() {
#if defined(__x86_64__)
  const char* const given = std::getenv("TENFOLD_CPU_ISA");
  const std::string_view most = given ? given : "";
  if (most == "x86-64-v2") return loop_baseline;
  __builtin_cpu_init();
  if (most != "x86-64-v3" && __builtin_cpu_supports("avx512f") &&
      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
      __builtin_cpu_supports("avx512vl"))
    return loop_avx512;
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
      __builtin_cpu_supports("bmi2"))
    return loop_avx2;
#endif
  return loop_baseline;
}

}  // namespace tenfold::cpu::simd
