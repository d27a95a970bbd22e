// parallel_ranges: on GNU OpenMP where the build has it (oneDNN's own runtime, so that two pools
// never compete), else on a pool of threads of our own.
#include <algorithm>
#include <latch>
#include <string>
#include <thread>
#include <vector>

#include <sched.h>
#include <unistd.h>

#include "src/base/threads.h"
#include "tenfold/diag.h"
#include "tenfold/target.h"

#ifdef _OPENMP
#include <omp.h>
#else
#include <condition_variable>
#include <mutex>
#include <system_error>
#endif

namespace tenfold {

int hardware_threads() noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return static_cast<int>(std::clamp(sysconf(_SC_NPROCESSORS_ONLN), 1L, 1L << 16));  // over 1024
}

void check_thread_count(int asked) {
  if (asked < 0 || asked > kMaxThreads)
    throw Error(Code::kInvalid, "threads: 0 to " + std::to_string(kMaxThreads) +
                                    " can be asked for, not " + std::to_string(asked));
}

void require_threads(int threads) {
  static std::atomic<int> most{1};
  if (threads <= most) return;
  std::latch gate(1);
  std::vector<std::thread> started;
  bool all = true;
  try {
    started.reserve(static_cast<size_t>(threads));
    while (static_cast<int>(started.size()) < threads - 1)
      started.emplace_back([&gate] { gate.wait(); });
  } catch (const std::exception&) {
    all = false;
  }
  const std::string count = std::to_string(started.size() + 1);
  gate.count_down();
  for (std::thread& t : started) t.join();
  if (!all)
    throw Error(Code::kResource,
                std::to_string(threads) + " threads cannot be started here, only " + count,
                {"ask for fewer threads, or raise the limit of memory or processes"});
  for (int had = most; had < threads && !most.compare_exchange_weak(had, threads);) {
  }
}

namespace {

constexpr int kMostLoopThreads = 1024;
#ifdef _OPENMP
// A thread takes the same part of every loop: what it or the vendor's kernel before has just
// written there lies in its cache. SqueezeNet is 8 % faster for it than with smaller ranges for
// whoever comes first.
constexpr int64_t kRangesPerThread = 1;
#else
constexpr int64_t kRangesPerThread = 4;  // evens out unequal ranges
#endif

struct Ranges {
  int64_t count = 0;
  int64_t size = 0;
};

Ranges split(int64_t n, int64_t grain, int threads) {
  grain = std::max<int64_t>(grain, 1);
  const int64_t wanted = static_cast<int64_t>(threads) * kRangesPerThread;
  const int64_t size = std::max(grain, n / wanted + (n % wanted != 0));
  return {n / size + (n % size != 0), size};
}

#ifdef _OPENMP

bool nested() { return omp_in_parallel() != 0; }

void run(int64_t n, Ranges ranges, RangeFn fn, void* context, int threads) {
#pragma omp parallel for schedule(static) num_threads(threads)
  for (int64_t k = 0; k < ranges.count; ++k) {
    const int64_t begin = k * ranges.size;
    fn(context, begin, begin + std::min(ranges.size, n - begin));
  }
}

#else

thread_local bool inside = false;
bool nested() { return inside; }

struct Job {
  int64_t n = 0;
  Ranges ranges;
  RangeFn fn = nullptr;
  void* context = nullptr;
  std::atomic<int64_t> next{0};
  int helpers = 0;  // that may still join
  int active = 0;   // helpers at work
};

void work(Job& job) {
  inside = true;
  for (int64_t k; (k = job.next.fetch_add(1)) < job.ranges.count;) {
    const int64_t begin = k * job.ranges.size;
    job.fn(job.context, begin, begin + std::min(job.ranges.size, job.n - begin));
  }
  inside = false;
}

// Threads that wait for a job; one job at a time, a second caller works alone.
class Pool {
 public:
  ~Pool() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stop_ = true;
    }
    wake_.notify_all();
    for (std::thread& t : threads_) t.join();
  }

  void run(Job& job, int threads) {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      if (!job_) {
        grow(threads - 1);
        job.helpers = std::min<int>(threads - 1, static_cast<int>(threads_.size()));
        job_ = &job;
      }
    }
    if (job_owner(job)) wake_.notify_all();
    work(job);
    std::unique_lock<std::mutex> lock(mutex_);
    if (job_ != &job) return;
    job.helpers = 0;
    done_.wait(lock, [&] { return job.active == 0; });
    job_ = nullptr;
  }

 private:
  bool job_owner(const Job& job) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return job_ == &job;
  }
  void grow(int wanted) {
    while (static_cast<int>(threads_.size()) < wanted) {
      try {
        threads_.emplace_back([this] { loop(); });
      } catch (const std::system_error&) {
        return;  // fewer threads: slower, equally right
      }
    }
  }
  void loop() {
    std::unique_lock<std::mutex> lock(mutex_);
    for (;;) {
      wake_.wait(lock, [&] { return stop_ || (job_ && job_->helpers > 0); });
      if (stop_) return;
      Job& job = *job_;
      --job.helpers;
      ++job.active;
      lock.unlock();
      work(job);
      lock.lock();
      if (--job.active == 0) done_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::vector<std::thread> threads_;
  Job* job_ = nullptr;
  bool stop_ = false;
};

void run(int64_t n, Ranges ranges, RangeFn fn, void* context, int threads) {
  static Pool pool;
  Job job;
  job.n = n;
  job.ranges = ranges;
  job.fn = fn;
  job.context = context;
  pool.run(job, threads);
}

#endif

}  // namespace

void parallel_ranges(int64_t n, int64_t grain, RangeFn fn, void* context, int threads) noexcept {
  if (n <= 0) return;
  if (threads <= 0) threads = hardware_threads();
  threads = std::min(threads, kMostLoopThreads);
  if (threads == 1 || n <= grain || nested()) {
    fn(context, 0, n);
    return;
  }
  const Ranges ranges = split(n, grain, threads);
  run(n, ranges, fn, context, static_cast<int>(std::min<int64_t>(threads, ranges.count)));
}

namespace {

// Cores that a thread of the loop has.
struct TakenCores {
  std::atomic<uint64_t> words[CPU_SETSIZE / 64] = {};

  bool take(int core) noexcept {
    const uint64_t bit = uint64_t{1} << (core % 64);
    return (words[core / 64].fetch_or(bit) & bit) == 0;
  }
};

// Leaves the calling thread where it is, or moves it where that core is taken.
void take_core(TakenCores& taken) noexcept {
  const int here = sched_getcpu();
  if (here < 0 || here >= CPU_SETSIZE || taken.take(here)) return;
  cpu_set_t allowed, one;
  CPU_ZERO(&allowed);
  if (sched_getaffinity(0, sizeof(allowed), &allowed) != 0) return;
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &allowed) || !taken.take(core)) continue;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    if (sched_setaffinity(0, sizeof(one), &one) == 0)
      sched_setaffinity(0, sizeof(allowed), &allowed);
    return;
  }
}

}  // namespace

void spread_threads(int threads) noexcept {
  if (threads < 2 || threads > hardware_threads()) return;
  TakenCores taken;
  const int here = sched_getcpu();
  if (here < 0 || here >= CPU_SETSIZE) return;
  taken.take(here);
  parallel_ranges(
      threads, 1,
      [](void* context, int64_t k, int64_t) noexcept {
        if (k > 0) take_core(*static_cast<TakenCores*>(context));  // 0 is the caller's
      },
      &taken, threads);
}

}  // namespace tenfold
