// Costs: what a closed Problem takes on a row; from the TimingCache, a measurement or the estimate.
#pragma once

#include <unordered_map>

#include "tenfold/compile.h"

namespace tenfold::select {

struct Timed {
  Tactic tactic;
  double us = -1;
  bool measured = false;
  std::string failure;  // non-empty: the row refused to run it, and why
};

class Costs {
 public:
  Costs(const Target& target, const CompileOptions& options, Device* device);

  // What the rows' plan halves answer for this target, each question asked once.
  const Verdict& supports(const Row& row, const Problem& problem);
  const std::vector<FormatTuple>& formats(const Row& row, const Problem& open, TypeSet permitted);
  double estimate(const Row& row, const Problem& problem);

  // The row's best tactic for the problem. Memoized.
  const Timed& best(const Row& row, const Problem& problem);
  // Queues a pair for measure_all; a pair that is known already is not queued again.
  void want(const Row& row, const Problem& problem);
  // Measures everything queued, preparing in parallel on devices other than the CPU.
  // An empty phase: nothing is reported.
  void measure_all(std::string_view phase);

  // What there is to say about the times, most of all which are missing.
  std::vector<std::string> remarks() const;

 private:
  struct Job {
    const Row* row;
    Problem problem;
    Tactic tactic;
    std::string key;
  };
  struct Outcome {
    double us = -1;
    bool measured = false;
    std::string failure;
  };

  std::string pair_key(const Row& row, const Problem& problem) const;
  std::vector<Job> jobs_for(const Row& row, const Problem& problem) const;
  TimingCache::Key cache_key(const Job& job) const;
  void measure(std::vector<Job>& jobs, std::string_view phase);
  void note_time(const Problem& problem, double us);
  void note_untimed(std::span<const Job> jobs);
  Timed choose(const Row& row, const Problem& problem);
  void report(std::string_view phase, int64_t done, int64_t total, double elapsed) const;

  const Target& target_;
  const CompileOptions& options_;
  Device* device_;
  int threads_;
  std::string machine_;
  std::unordered_map<std::string, Verdict> verdicts_;  // by row and problem, as text
  std::unordered_map<std::string, std::vector<FormatTuple>> formats_;
  std::unordered_map<std::string, double> estimates_;
  std::unordered_map<std::string, Timed> best_;
  std::unordered_map<std::string, Outcome> outcomes_;  // by job key
  std::unordered_map<uint64_t, double> fastest_;  // microseconds, by the problem's hash
  std::vector<Job> queue_;
  double spent_ = 0;
  int64_t untimed_ = 0;
  int64_t conversions_ = 0;  // timed while formats are chosen
  int64_t starved_ = 0;  // not timed for lack of memory
  std::vector<std::string> remarks_;
};

}  // namespace tenfold::select
