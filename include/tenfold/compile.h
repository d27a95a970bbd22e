// Compiling: match rows, time candidates, choose a cover of the graph, emit a Plan.
#pragma once

#include "tenfold/device.h"
#include "tenfold/graph.h"
#include "tenfold/plan.h"

namespace tenfold {

// A size to tune for; the program's guard and memory follow from `max`.
struct Profile {
  SymbolValues tune;                   // e.g. {{"N", 8}}
  std::map<std::string, std::pair<int64_t, int64_t>> range;   // symbol -> min, max
};

// Times of closed Problems, by row, tactic, machine, threads and versions. A readable file, a line
// an entry; merging is concatenation. Thread-safe.
class TimingCache {
 public:
  TimingCache();
  ~TimingCache();
  static std::unique_ptr<TimingCache> load(const std::string& path);   // a missing file is empty
  void save(const std::string& path) const;                            // atomic
  struct Key {
    uint64_t problem;
    std::string row, tactic, machine;
  };
  std::optional<double> find(const Key& key) const;
  void insert(const Key& key, double us, const std::string& problem_text);
  int64_t size() const;
  int64_t hits() const;
  int64_t misses() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

struct CompileOptions {
  std::vector<Profile> profiles;       // empty: one tuned for 1, maximum of each symbol
  bool fp16 = false;                   // permit f16 storage and products, f32 accumulation
  bool tf32 = false;                   // permit tf32 products
  bool timing = true;                  // false: estimates only, deterministic, needs no device
  bool keep_taps = false;              // every canonical value can be tapped: nothing is fused
  int threads = 0;                     // CPU threads to tune for, at most kMaxThreads; 0: all
  int tactics_per_row = 12;
  double seconds_limit = 0;            // of timing; 0: none. What was left untimed is reported
  std::vector<std::string> exclude_rows;  // prefix match, e.g. "onednn."; for tests and `--without`
  TimingCache* timing_cache = nullptr;
  ProgressFn progress;
  std::vector<std::string> labels;
  Preprocess preprocess;
  std::map<std::string, std::string> metadata;
};

// An Offer with Formats decided, its time and its error; or (row == nullptr) a view that costs
// nothing.
struct Candidate {
  const Row* row = nullptr;
  Problem problem;  // closed; of views the open one
  FormatTuple formats;
  Tactic tactic;
  double us = 0;
  bool measured = false;
  double error = 0;  // against the reference, in the budget's unit; 0 until budgets exist
};

// Why the plan is as it is: for every group of nodes all candidates, chosen or not, and refusals.
struct Explanation {
  struct Line {
    std::string nodes;  // "conv1 + relu1"
    std::string row, tactic, formats;
    double us = -1;
    bool measured = false, chosen = false;
    std::string reason;  // of a refusal; empty for candidates
    std::string problem;  // closed Problem's text, for candidates
  };
  std::vector<Line> lines;
  std::vector<std::string> remarks;  // conversions inserted, memory, what stayed untimed
  std::string text(const std::string& node_filter = {}) const;
  std::string json() const;
};

// Canonicalizes a copy of `graph`, selects for `target` and emits. With timing, `device` must be at
// hand and of the target's kind and name. Error{kUnsupported} lists every node without any
// candidate, Error{kInvalid} names an option that does not go with graph or target.
Plan compile(const Graph& graph, const Target& target, const CompileOptions& options = {},
             Device* device = nullptr, Explanation* explanation = nullptr);

// The value of any constant, recipes evaluated by the reference rows.
Tensor evaluate_constant(const Graph& graph, ConstantId id);

// A whole graph through the reference rows alone (no select, no fusion): what everything is
// compared with. `inputs` by name; returns the outputs in order. `progress` hears how much of the
// work is done, by estimates; Error{kCancelled} when it wants no more.
std::vector<Tensor> evaluate_reference(const Graph& graph,
                                       const std::map<std::string, Tensor>& inputs,
                                       const ProgressFn& progress = {});

}  // namespace tenfold
