// Loops over blocks of floats, one instruction of an Expr at a time, compiled once per instruction
// set.
#pragma once

#include <cstdint>

namespace tenfold::cpu::simd {

// Loops beyond tenfold::ExprOp's: powers with these exponents.
inline constexpr uint8_t kSquareLoop = 200, kCubeLoop = 201, kPow3_4Loop = 202,
                         kPowMinus3_4Loop = 203;

// What a loop needs of an ExprInst; plain data, so that files of any instruction set may include
// this.
struct Inst {
  uint8_t op = 0;        // tenfold::ExprOp, or one of the above
  float imm = 0, imm2 = 0;
  float low = 0, high = 0;  // of casts and quantization to integers: the type's range
  bool integral = false;
};

using Loop = void (*)(const Inst& inst, int64_t n, const float* a, const float* b, const float* c,
                      float* out);

void loop_baseline(const Inst&, int64_t, const float*, const float*, const float*, float*);
void loop_avx2(const Inst&, int64_t, const float*, const float*, const float*, float*);
void loop_avx512(const Inst&, int64_t, const float*, const float*, const float*, float*);

// The fastest that this processor has, and that TENFOLD_CPU_ISA (x86-64-v2, x86-64-v3) permits.
Loop best_loop();
// What TENFOLD_CPU_ISA names; empty: nothing, or what is unknown, which is warned of once.
const char* permitted_isa();

}  // namespace tenfold::cpu::simd
