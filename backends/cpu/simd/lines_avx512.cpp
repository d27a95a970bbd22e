#define TENFOLD_LINES lines_avx512
#include "backends/cpu/simd/lines.inc"
