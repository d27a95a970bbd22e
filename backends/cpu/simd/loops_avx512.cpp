#define TENFOLD_LOOP loop_avx512
#include "backends/cpu/simd/loops.inc"
