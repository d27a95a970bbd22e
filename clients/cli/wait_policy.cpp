// How long idle OpenMP threads spin before they sleep. GNU OpenMP's own choice, milliseconds, makes
// every parallel loop several times slower once another process wants the cores; a fiftieth of it
// costs 0.4 % on idle cores (docs/benchmarks.md). It reads the environment while it is loaded, so
// the command starts itself anew with a limit, before libraries are set up, unless the user has
// chosen.
#if defined(__linux__) && defined(__ELF__)

#include <cstring>

#include <sched.h>
#include <sys/auxv.h>
#include <unistd.h>

namespace {

constexpr char kLimit[] = "GOMP_SPINCOUNT=5000";
constexpr const char* kChosen[] = {"GOMP_SPINCOUNT=", "OMP_WAIT_POLICY="};
constexpr int kMostVariables = 4096;

// Runs before any constructor, with nothing of the C library set up that needs one: only system
// calls and plain memory.
#if defined(__GNUC__)
__attribute__((no_sanitize("address", "thread", "undefined")))
#endif
void limit_spinning(int, char** argv, char** environment) {
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (sched_getaffinity(0, sizeof(cores), &cores) != 0 || CPU_COUNT(&cores) < 2) return;
  static char* with_limit[kMostVariables + 2];
  int n = 0;
  for (; environment[n] != nullptr; ++n) {
    if (n == kMostVariables) return;
    for (const char* name : kChosen)
      if (std::strncmp(environment[n], name, std::strlen(name)) == 0) return;
    with_limit[n] = environment[n];
  }
  with_limit[n] = const_cast<char*>(kLimit);
  const unsigned long address = getauxval(AT_EXECFN);
  const char* self = nullptr;
  std::memcpy(&self, &address, sizeof(self));
  if (self != nullptr) execve(self, argv, with_limit);  // where that fails, all goes on as it was
}

__attribute__((section(".preinit_array"), used)) void (*const at_start)(int, char**,
                                                                        char**) = limit_spinning;

}  // namespace

#endif
