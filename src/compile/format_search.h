// Formats and rows of a cover's groups: exact along chains whose ends are held, by local search
// where chains meet.
#pragma once

#include <functional>
#include <set>

#include "src/compile/select.h"

namespace tenfold::select {

class FormatSearch {
 public:
  // Keeps references: `groups` in data-flow order, whose choices nobody else changes meanwhile.
  FormatSearch(const Graph& graph, std::vector<Group>& groups, Conversions& conversions);

  // From the present choices and several uniform starts; leaves the best found, returns its
  // microseconds.
  double run();
  // From the present choices: `changed` groups and their neighbours. Returns the microseconds of
  // all.
  double settle(const std::vector<size_t>& changed);
  // Microseconds of all kernels and conversions.
  double total();
  // Microseconds of some groups with every conversion of what they read and write.
  double around(const std::vector<size_t>& groups);

 private:
  struct Place {
    size_t group, operand;
  };
  std::set<std::string> layouts_of(const std::vector<size_t>& groups) const;
  // The best end of sweeps from each layout as the start of `started`; leaves it, returns its time.
  double best_from(const std::set<std::string>& layouts, const std::vector<size_t>& started,
                   const std::function<bool(int)>& sweep);
  void start_from(const std::string& layout, const std::vector<size_t>& started);
  Format fixed(ValueId v) const;
  Format produced(ValueId v) const;
  double conversions_of(ValueId v);
  // The one way to change a choice.
  void choose(size_t group, size_t choice);
  // Adds `more` to the counts of the Formats in which a group reads.
  void count_wanted(size_t group, int more);
  // The choices of one chain, all else held: best together. Whether they changed.
  bool improve(const std::vector<size_t>& chain);
  void find_chains();
  std::vector<ValueId> values_of(size_t group) const;

  const Graph& graph_;
  std::vector<Group>& groups_;
  Conversions& conversions_;
  std::map<ValueId, Place> producer_;
  std::map<ValueId, std::vector<Place>> consumers_;
  // How many operands want a value in each Format, by the present choices.
  std::map<ValueId, std::vector<std::pair<Format, int>>> wanted_;
  // Every group is in one: each reads what the one before writes and nobody else reads.
  std::vector<std::vector<size_t>> chains_;
  std::vector<size_t> chain_of_;
};

}  // namespace tenfold::select
