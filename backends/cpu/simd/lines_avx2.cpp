#define TENFOLD_LINES lines_avx2
#include "backends/cpu/simd/lines.inc"
