#include "src/compile/costs.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <thread>

#include <fmt/format.h>

#include "src/base/threads.h"
#include "src/compile/measure.h"

namespace tenfold::select {
namespace {

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point t) {
  return std::chrono::duration<double>(Clock::now() - t).count();
}

std::string hex(uint64_t v) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(v));
  return text;
}

// Why a kernel that failed to run is refused. Too little memory to time it is no reason: its
// estimate stands in, and the model is built for a machine or a moment that has more.
std::string refusal(const std::exception& e) {
  const auto* error = dynamic_cast<const Error*>(&e);
  if ((error && error->code() == Code::kResource) || dynamic_cast<const std::bad_alloc*>(&e))
    return {};
  return e.what();
}

}  // namespace

Costs::Costs(const Target& target, const CompileOptions& options, Device* device)
    : target_(target), options_(options), device_(device) {
  const int have = static_cast<int>(std::max<int64_t>(target.i("threads", 1), 1));
  threads_ = options.threads > 0 ? std::min(options.threads, have) : have;
  if (device && device->host_accessible()) require_threads(threads_);
  machine_ = hex(target.hash());
  if (target.has("threads")) machine_ += "/t" + std::to_string(threads_);
}

std::string Costs::pair_key(const Row& row, const Problem& problem) const {
  return hex(problem.hash()) + "/" + std::string(row.name());
}

namespace {
std::string question(const Row& row, const Problem& problem) {
  return std::string(row.name()) + " " + problem.str();
}
}  // namespace

const Verdict& Costs::supports(const Row& row, const Problem& problem) {
  const auto [it, fresh] = verdicts_.try_emplace(question(row, problem));
  if (fresh) it->second = row.supports(problem, target_);
  return it->second;
}

const std::vector<FormatTuple>& Costs::formats(const Row& row, const Problem& open,
                                               TypeSet permitted) {
  const auto [it, fresh] =
      formats_.try_emplace(std::to_string(permitted.bits()) + " " + question(row, open));
  if (fresh) it->second = row.formats(open, target_, permitted);
  return it->second;
}

double Costs::estimate(const Row& row, const Problem& problem) {
  const auto [it, fresh] = estimates_.try_emplace(question(row, problem));
  if (fresh) it->second = row.estimate(problem, target_);
  return it->second;
}

std::vector<Costs::Job> Costs::jobs_for(const Row& row, const Problem& problem) const {
  std::vector<Job> jobs;
  std::vector<Tactic> tactics = row.tactics(problem, target_);
  if (static_cast<int>(tactics.size()) > options_.tactics_per_row)
    tactics.resize(static_cast<size_t>(options_.tactics_per_row));
  for (Tactic& t : tactics) {
    std::string key = pair_key(row, problem) + "/" + t;
    jobs.push_back({&row, problem, std::move(t), std::move(key)});
  }
  return jobs;
}

namespace {
// A time is of the tuning sizes, whatever else the program takes.
Problem as_timed(Problem problem) {
  for (Symbol& s : problem.symbols) s.min = s.max = s.tune;
  return problem;
}
}  // namespace

TimingCache::Key Costs::cache_key(const Job& job) const {
  const std::string version = job.row->version(target_);
  return {as_timed(job.problem).hash(), std::string(job.row->name()), job.tactic,
          machine_ + (version.empty() ? "" : "/" + version)};
}

void Costs::want(const Row& row, const Problem& problem) {
  if (best_.count(pair_key(row, problem))) return;
  if (!options_.timing || !device_) return;
  for (Job& job : jobs_for(row, problem)) {
    if (outcomes_.count(job.key)) continue;
    outcomes_[job.key] = {};
    queue_.push_back(std::move(job));
  }
}

void Costs::measure_all(std::string_view phase) {
  std::vector<Job> jobs;
  for (Job& job : queue_) {
    Outcome& outcome = outcomes_[job.key];
    if (options_.timing_cache)
      if (const auto us = options_.timing_cache->find(cache_key(job))) {
        outcome = {*us, true, {}};
        note_time(job.problem, *us);
      }
    if (!outcome.measured) jobs.push_back(std::move(job));
  }
  queue_.clear();
  measure(jobs, phase);
}

void Costs::report(std::string_view phase, int64_t done, int64_t total, double elapsed) const {
  if (!options_.progress || phase.empty()) return;
  Progress p{phase, done, total,
             done > 0 && total > 0
                 ? elapsed * static_cast<double>(total - done) / static_cast<double>(done)
                 : -1};
  if (!options_.progress(p)) throw Error(Code::kCancelled, "compilation was cancelled");
}

void Costs::measure(std::vector<Job>& jobs, std::string_view phase) {
  const auto start = Clock::now();
  const bool parallel = device_ && !device_->host_accessible();
  const size_t workers = parallel ? std::clamp(std::thread::hardware_concurrency(), 1u, 16u) : 1;
  const size_t batch = parallel ? workers * 2 : 1;
  for (size_t at = 0; at < jobs.size(); at += batch) {
    const size_t end = std::min(jobs.size(), at + batch);
    report(phase, static_cast<int64_t>(at), static_cast<int64_t>(jobs.size()),
           seconds_since(start));
    if (options_.seconds_limit > 0 && spent_ + seconds_since(start) > options_.seconds_limit) {
      untimed_ += static_cast<int64_t>(jobs.size() - at);
      break;
    }
    std::vector<std::unique_ptr<Trial>> trials(end - at);
    std::atomic<size_t> next{0};
    const auto build = [&] {
      for (size_t k = next++; k < trials.size(); k = next++) {
        Job& job = jobs[at + k];
        Outcome& outcome = outcomes_.at(job.key);
        try {
          trials[k] =
              std::make_unique<Trial>(*job.row, job.problem, job.tactic, *device_, threads_);
        } catch (const std::exception& e) {
          outcome.failure = refusal(e);
        }
      }
    };
    std::vector<std::thread> pool;
    for (size_t w = 1; w < std::min(workers, trials.size()); ++w) pool.emplace_back(build);
    build();
    for (std::thread& t : pool) t.join();
    for (size_t k = 0; k < trials.size(); ++k) {
      if (!trials[k]) continue;
      Outcome& outcome = outcomes_.at(jobs[at + k].key);
      try {
        outcome.us = trials[k]->time(fastest_[jobs[at + k].problem.hash()]);
        outcome.measured = true;
        note_time(jobs[at + k].problem, outcome.us);
        if (options_.timing_cache) {
          const TimingCache::Key key = cache_key(jobs[at + k]);
          options_.timing_cache->insert(key, outcome.us, as_timed(jobs[at + k].problem).str());
          outcome.us =
              options_.timing_cache->find(key).value_or(outcome.us);  // rounded as the file is
        }
      } catch (const std::exception& e) {
        outcome.failure = refusal(e);
      }
      trials[k].reset();
    }
    note_untimed(std::span(jobs).subspan(at, end - at));
  }
  spent_ += seconds_since(start);
  if (!jobs.empty())
    report(phase, static_cast<int64_t>(jobs.size()), static_cast<int64_t>(jobs.size()), spent_);
}

void Costs::note_time(const Problem& problem, double us) {
  double& best = fastest_[problem.hash()];
  best = best > 0 ? std::min(best, us) : us;
}

std::vector<std::string> Costs::remarks() const {
  std::vector<std::string> all = remarks_;
  if (untimed_ > 0)
    all.push_back(fmt::format(
        "{} candidates stayed untimed and count by estimates: the limit of {:g} s was reached",
        untimed_, options_.seconds_limit));
  return all;
}

void Costs::note_untimed(std::span<const Job> jobs) {
  for (const Job& job : jobs) {
    const Outcome& outcome = outcomes_.at(job.key);
    if (outcome.measured || !outcome.failure.empty() || starved_++ > 0) continue;
    remarks_.push_back("some kernels stayed untimed for lack of memory: their estimates count");
  }
}

Timed Costs::choose(const Row& row, const Problem& problem) {
  Timed timed;
  const bool timing = options_.timing && device_;
  if (timing) {
    want(row, problem);
    if (!queue_.empty()) {
      measure_all({});  // one at a time, nobody knows how many: the count is all there is to say
      report("timing conversions", ++conversions_, 0, 0);
    }
    std::string failure;
    for (const Job& job : jobs_for(row, problem)) {
      const Outcome& o = outcomes_.at(job.key);
      if (o.measured && (timed.us < 0 || o.us < timed.us)) timed = {job.tactic, o.us, true, {}};
      if (!o.failure.empty()) failure = o.failure;
    }
    if (timed.measured) return timed;
    if (!failure.empty()) {
      timed.failure = failure;
      return timed;
    }
  }
  const std::vector<Tactic> tactics = row.tactics(problem, target_);
  if (tactics.empty()) {
    timed.failure = "the row offers no tactic";
    return timed;
  }
  timed.tactic = tactics.front();
  timed.us = estimate(row, problem);
  return timed;
}

const Timed& Costs::best(const Row& row, const Problem& problem) {
  const std::string key = pair_key(row, problem);
  const auto found = best_.find(key);
  if (found != best_.end()) return found->second;
  return best_.emplace(key, choose(row, problem)).first->second;
}

}  // namespace tenfold::select
