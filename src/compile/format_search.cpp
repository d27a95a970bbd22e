#include "src/compile/format_search.h"

#include <algorithm>
#include <limits>
#include <numeric>

namespace tenfold::select {
namespace {
constexpr int kSweeps = 12;
}  // namespace

FormatSearch::FormatSearch(const Graph& graph, std::vector<Group>& groups, Conversions& conversions)
    : graph_(graph), groups_(groups), conversions_(conversions) {
  for (size_t g = 0; g < groups_.size(); ++g) {
    const Lowered& l = groups_[g].offer->lowered;
    for (size_t k = 0; k < l.outputs.size(); ++k) producer_[l.outputs[k]] = {g, k};
    for (size_t k = 0; k < l.inputs.size(); ++k)
      if (!graph_.value(l.inputs[k]).constant.valid()) consumers_[l.inputs[k]].push_back({g, k});
    count_wanted(g, 1);
  }
  find_chains();
}

double FormatSearch::run() {
  std::vector<size_t> all(groups_.size());
  std::iota(all.begin(), all.end(), size_t{0});
  return best_from(layouts_of(all), all, [&](int sweep) {
    bool changed = false;
    for (size_t k = 0; k < chains_.size(); ++k)
      changed |= improve(chains_[sweep % 2 ? chains_.size() - 1 - k : k]);
    for (size_t g : all) changed |= improve({g});
    return changed;
  });
}

double FormatSearch::settle(const std::vector<size_t>& changed) {
  std::set<size_t> window(changed.begin(), changed.end());
  for (size_t g : changed)
    for (ValueId v : values_of(g)) {
      if (const auto it = producer_.find(v); it != producer_.end()) window.insert(it->second.group);
      if (const auto it = consumers_.find(v); it != consumers_.end())
        for (const Place& p : it->second) window.insert(p.group);
    }
  std::set<size_t> chains;
  for (size_t g : window) chains.insert(chain_of_[g]);
  const std::vector<size_t> started(window.begin(), window.end());
  return best_from(layouts_of(started), started, [&](int) {
    bool again = false;
    for (size_t c : chains) again |= improve(chains_[c]);
    for (size_t g : window) again |= improve({g});
    return again;
  });
}

std::set<std::string> FormatSearch::layouts_of(const std::vector<size_t>& groups) const {
  std::set<std::string> layouts{""};
  for (size_t g : groups)
    for (const Candidate& c : groups_[g].offer->candidates)
      layouts.insert(c.formats.outputs.front().str());
  return layouts;
}

double FormatSearch::best_from(const std::set<std::string>& layouts,
                               const std::vector<size_t>& started,
                               const std::function<bool(int)>& sweep) {
  const auto choices = [&] {
    std::vector<size_t> all;
    for (const Group& g : groups_) all.push_back(g.choice);
    return all;
  };
  const auto restore = [&](const std::vector<size_t>& all) {
    for (size_t g = 0; g < groups_.size(); ++g) choose(g, all[g]);
  };
  const std::vector<size_t> given = choices();
  std::vector<size_t> best = given;
  double best_us = total();
  for (const std::string& layout : layouts) {
    restore(given);
    start_from(layout, started);
    for (int k = 0; k < kSweeps && sweep(k); ++k) {
    }
    const double us = total();
    if (us >= best_us) continue;
    best_us = us;
    best = choices();
  }
  restore(best);
  return best_us;
}

void FormatSearch::start_from(const std::string& layout, const std::vector<size_t>& started) {
  for (size_t index : started) {
    Group& g = groups_[index];
    const auto& candidates = g.offer->candidates;
    const auto fits = [&](const Candidate& c) {
      size_t n = 0;
      for (const auto* side : {&c.formats.inputs, &c.formats.outputs})
        for (const Format& f : *side) n += f.str() == layout;
      return n;
    };
    size_t pick = 0;
    for (size_t c = 1; c < candidates.size(); ++c) {
      const size_t now = fits(candidates[c]), best = fits(candidates[pick]);
      if (now > best || (now == best && candidates[c].us < candidates[pick].us)) pick = c;
    }
    choose(index, pick);
  }
}

void FormatSearch::choose(size_t group, size_t choice) {
  if (groups_[group].choice == choice) return;
  count_wanted(group, -1);
  groups_[group].choice = choice;
  count_wanted(group, 1);
}

void FormatSearch::count_wanted(size_t group, int more) {
  const std::vector<ValueId>& inputs = groups_[group].offer->lowered.inputs;
  const std::vector<Format>& formats = groups_[group].chosen().formats.inputs;
  for (size_t k = 0; k < inputs.size(); ++k) {
    if (graph_.value(inputs[k]).constant.valid()) continue;
    auto& wanted = wanted_[inputs[k]];
    const auto same = [&](const auto& entry) { return entry.first == formats[k]; };
    const auto entry = std::find_if(wanted.begin(), wanted.end(), same);
    if (entry != wanted.end())
      entry->second += more;
    else
      wanted.emplace_back(formats[k], more);
  }
}

Format FormatSearch::fixed(ValueId v) const {
  return Format{graph_.type(v).dtype, Layout::linear()};
}

Format FormatSearch::produced(ValueId v) const {
  const auto it = producer_.find(v);
  if (it == producer_.end()) return fixed(v);  // graph inputs arrive linear
  return groups_[it->second.group].chosen().formats.outputs[it->second.operand];
}

// Of a value for all its consumers, each target Format once.
double FormatSearch::conversions_of(ValueId v) {
  const Format from = produced(v);
  bool linear = !graph_.is_output(v);  // asked for already, or by nobody
  double us = 0;
  if (const auto it = wanted_.find(v); it != wanted_.end())
    for (const auto& [to, count] : it->second) {
      if (count == 0) continue;
      us += conversions_.way(v, from, to).us;
      linear |= to == fixed(v);
    }
  return linear ? us : us + conversions_.way(v, from, fixed(v)).us;
}

// What a group reads and writes, constants left out; each once.
std::vector<ValueId> FormatSearch::values_of(size_t group) const {
  const Lowered& l = groups_[group].offer->lowered;
  std::vector<ValueId> values = l.outputs;
  for (ValueId v : l.inputs)
    if (!graph_.value(v).constant.valid() &&
        std::find(values.begin(), values.end(), v) == values.end())
      values.push_back(v);
  return values;
}

double FormatSearch::around(const std::vector<size_t>& groups) {
  double us = 0;
  std::set<ValueId> seen;
  for (size_t g : groups) {
    us += groups_[g].chosen().us;
    for (ValueId v : values_of(g))
      if (seen.insert(v).second) us += conversions_of(v);
  }
  return us;
}

void FormatSearch::find_chains() {
  chain_of_.assign(groups_.size(), 0);
  for (size_t g = 0; g < groups_.size(); ++g) {
    // Groups stand in data-flow order: what g could follow has its chain already.
    size_t before = groups_.size();
    for (ValueId v : groups_[g].offer->lowered.inputs) {
      const auto it = producer_.find(v);
      if (it == producer_.end() || graph_.is_output(v) || consumers_[v].size() != 1) continue;
      if (chains_[chain_of_[it->second.group]].back() == it->second.group)
        before = it->second.group;
    }
    if (before == groups_.size()) chains_.emplace_back();
    chain_of_[g] = before == groups_.size() ? chains_.size() - 1 : chain_of_[before];
    chains_[chain_of_[g]].push_back(g);
  }
}

bool FormatSearch::improve(const std::vector<size_t>& chain) {
  std::vector<size_t> before;
  for (size_t g : chain) before.push_back(groups_[g].choice);
  const double before_us = around(chain);
  // least[c]: of the chain up to here if this group chooses c; from[k][c]: the choice before it.
  std::vector<double> least;
  std::vector<std::vector<size_t>> from;
  for (size_t k = 0; k < chain.size(); ++k) {
    Group& group = groups_[chain[k]];
    ValueId in, out;  // links to the neighbours in the chain
    const auto link = [&](size_t a, size_t b) {
      for (ValueId v : groups_[a].offer->lowered.outputs)
        if (const auto it = consumers_.find(v);
            it != consumers_.end() && it->second.size() == 1 && it->second[0].group == b)
          return v;
      return ValueId{};
    };
    if (k > 0) in = link(chain[k - 1], chain[k]);
    if (k + 1 < chain.size()) out = link(chain[k], chain[k + 1]);
    const std::vector<ValueId> values = values_of(chain[k]);
    std::vector<double> now;
    std::vector<size_t> came;
    for (size_t c = 0; c < group.offer->candidates.size(); ++c) {
      choose(chain[k], c);
      double us = group.chosen().us;
      for (ValueId v : values)
        if (!(v == in) && !(v == out)) us += conversions_of(v);
      double best = k ? std::numeric_limits<double>::infinity() : 0;
      size_t best_from = 0;
      if (k) {
        Group& previous = groups_[chain[k - 1]];
        for (size_t p = 0; p < previous.offer->candidates.size(); ++p) {
          choose(chain[k - 1], p);
          const double through = least[p] + conversions_of(in);
          if (through >= best) continue;
          best = through;
          best_from = p;
        }
      }
      now.push_back(best + us);
      came.push_back(best_from);
    }
    choose(chain[k], before[k]);
    if (k) choose(chain[k - 1], before[k - 1]);
    least = std::move(now);
    from.push_back(std::move(came));
  }
  size_t choice = static_cast<size_t>(std::min_element(least.begin(), least.end()) - least.begin());
  for (size_t k = chain.size(); k-- > 0; choice = from[k][choice]) choose(chain[k], choice);
  // A value may join two groups of the chain beside it: then the sum above is not exact.
  if (around(chain) < before_us * (1 - 1e-9)) return true;
  for (size_t k = 0; k < chain.size(); ++k) choose(chain[k], before[k]);
  return false;
}

double FormatSearch::total() {
  double us = 0;
  for (const Group& g : groups_) us += g.chosen().us;
  for (const auto& [v, place] : producer_) us += conversions_of(v);
  for (ValueId v : graph_.inputs()) us += conversions_of(v);
  return us;
}

}  // namespace tenfold::select
