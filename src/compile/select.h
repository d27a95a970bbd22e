// Select: which regions cover the graph, by which rows and in which Formats, so that time is least.
#pragma once

#include <deque>

#include "src/compile/candidates.h"

namespace tenfold::select {

// One chosen region and its choice.
struct Group {
  const Offer* offer = nullptr;
  size_t choice = 0;
  std::optional<Candidate> instead;  // the choice with slices for operands (slices.h)
  const Candidate& chosen() const { return instead ? *instead : offer->candidates[choice]; }
};

// A value that lies in the buffer of `whole`, from channel `offset` on.
struct Slice {
  ValueId whole;
  int64_t offset = 0;
};

struct Selection {
  std::vector<Group> groups;  // in an order that respects data flow
  std::map<ValueId, Slice> slices;
  double us = 0;  // of kernels and conversions
};

// Times of converting a value between Formats; memoized. Infinity when no row converts.
class Conversions {
 public:
  Conversions(const Graph& graph, const Target& target, const CompileOptions& options,
              const std::vector<Symbol>& symbols, Costs& costs);
  struct Way {
    const Row* row = nullptr;
    Problem problem;
    Tactic tactic;
    double us = 0;
  };
  // A Way without row and without cost when the two Formats are the same bytes.
  const Way& way(ValueId value, const Format& from, const Format& to);
  // The best row even when the bytes would be the same: a copy. Error{kUnsupported} without a row.
  const Way& copy(ValueId value, const Format& from, const Format& to);

 private:
  const Graph& graph_;
  const Target& target_;
  const std::vector<Symbol>& symbols_;
  Costs& costs_;
  Way search(const Shape& dims, const Format& from, const Format& to);
  struct Found {
    Format from, to;
    Way way;
  };
  std::vector<const Row*> rows_;
  std::map<std::string, std::deque<Found>> memo_;  // by dims
  std::vector<std::deque<Found>*> of_value_;  // into memo_, by value; null: not yet asked
  std::map<std::string, Way> copies_;
};

// Error{kUnsupported} lists every node without a choice.
Selection select(const Graph& graph, const Candidates& candidates, Conversions& conversions);

}  // namespace tenfold::select
