#define TENFOLD_LOOP loop_avx2
#include "backends/cpu/simd/loops.inc"
