// Leaks that are not ours: without a GPU, cuDNN's engines ask cublasLtCreate again and again, which
// fails and keeps what it allocated.
#if defined(__SANITIZE_ADDRESS__)
extern "C" const char* __lsan_default_suppressions() { return "leak:libcublasLt.so\n"; }
#endif
