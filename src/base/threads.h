// The one way to run a loop on several threads.
#pragma once

#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <type_traits>

namespace tenfold {

// Threads that this process may use (its CPU affinity), at least 1.
int hardware_threads() noexcept;
// Error{kInvalid} unless `asked` is 0 (all) to kMaxThreads.
void check_thread_count(int asked);
// Finds out whether so many threads can exist at once: OpenMP's runtime ends the process where it
// cannot start one. Error{kResource}. Costs something only for more threads than ever before.
void require_threads(int threads);

using RangeFn = void (*)(void* context, int64_t begin, int64_t end) noexcept;
// Splits [0, n) into ranges of at least `grain` (the last may be shorter) and calls fn on each, on
// up to `threads` threads (0: all); returns when all are done. Equal loops are shared out equally,
// so that a thread finds in its cache what it wrote before; for uneven work see parallel_tasks.
// Allocates nothing once its threads exist. Inside another parallel_for it runs on the calling
// thread alone.
void parallel_ranges(int64_t n, int64_t grain, RangeFn fn, void* context, int threads) noexcept;

// Where several of the threads that loops of `threads` run on share a core, moves them to others
// that they may use, and leaves them as free to move as before. A system may keep new or long idle
// threads on their caller's core for milliseconds while others idle; worth its microseconds before
// a first run.
void spread_threads(int threads) noexcept;

// body(begin, end). The first exception that a body throws is thrown again to the caller once all
// ranges are done.
template <typename Body>
void parallel_for(int64_t n, int64_t grain, Body&& body, int threads = 0) {
  using Plain = std::remove_reference_t<Body>;
  struct Call {
    Plain* body = nullptr;
    std::atomic<bool> failed{false};
    std::exception_ptr error;
  } call;
  call.body = std::addressof(body);
  parallel_ranges(
      n, grain,
      [](void* context, int64_t begin, int64_t end) noexcept {
        Call& c = *static_cast<Call*>(context);
        try {
          (*c.body)(begin, end);
        } catch (...) {
          if (!c.failed.exchange(true)) c.error = std::current_exception();
        }
      },
      &call, threads);
  if (call.error) std::rethrow_exception(call.error);
}

// body(lane, k) for each k below n: each of `lanes` lanes takes an equal run of them, in order, so
// that what belongs to a lane (scratch) has one user at a time.
template <typename Body>
void parallel_lanes(int64_t n, int64_t lanes, Body&& body, int threads = 0) {
  parallel_for(
      lanes, 1,
      [&](int64_t from, int64_t to) {
        for (int64_t lane = from; lane < to; ++lane)
          for (int64_t k = n * lane / lanes; k < n * (lane + 1) / lanes; ++k) body(lane, k);
      },
      threads);
}

// body(k, k + 1) for each k below n, of unequal size: whoever is free takes the next.
template <typename Body>
void parallel_tasks(int64_t n, Body&& body, int threads = 0) {
  if (threads <= 0) threads = hardware_threads();
  std::atomic<int64_t> next{0};
  parallel_for(
      threads < n ? threads : n, 1,
      [&](int64_t, int64_t) {
        for (int64_t k; (k = next.fetch_add(1)) < n;) body(k, k + 1);
      },
      threads);
}

}  // namespace tenfold
