#define TENFOLD_LINES lines_baseline
#include "backends/cpu/simd/lines.inc"

#include "backends/cpu/simd/loops.h"

namespace tenfold::cpu::simd {

const Lines& best_lines() {
#if defined(__x86_64__)
  if (best_loop() == loop_avx512) return lines_avx512;
  if (best_loop() == loop_avx2) return lines_avx2;
#endif
  return lines_baseline;
}

}  // namespace tenfold::cpu::simd
