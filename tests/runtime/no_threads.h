// Threads that cannot be had: as on a machine at its limit.
#pragma once

namespace tenfold::test {

// Whether this build can refuse threads; not where a sanitizer brings its own.
bool can_refuse_threads() noexcept;

// While it lives, no thread starts in this process.
class NoThreads {
 public:
  NoThreads() noexcept;
  ~NoThreads();
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;
};

}  // namespace tenfold::test
