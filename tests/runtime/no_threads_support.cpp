#include <atomic>
#include <cerrno>

#include <dlfcn.h>
#include <pthread.h>

#include "tests/runtime/no_threads.h"
#include "tests/support/sanitizers.h"

namespace {
std::atomic<bool> refuse{false};
}

namespace tenfold::test {
NoThreads::NoThreads() noexcept { refuse = true; }
NoThreads::~NoThreads() { refuse = false; }
}  // namespace tenfold::test

#if TENFOLD_ASAN || TENFOLD_TSAN
bool tenfold::test::can_refuse_threads() noexcept { return false; }
#else
bool tenfold::test::can_refuse_threads() noexcept { return true; }

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*run)(void*), void* argument) {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto real = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  return refuse ? EAGAIN : real(thread, attributes, run, argument);
}
#endif
