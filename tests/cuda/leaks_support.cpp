// Leaks that are not ours: without a GPU, cuDNN's engines ask cublasLtCreate again and again, which
// fails and keeps what it allocated.
#include "tests/support/sanitizers.h"

#if TENFOLD_ASAN
extern "C" const char* __lsan_default_suppressions() { return "leak:libcublasLt.so\n"; }
#endif
