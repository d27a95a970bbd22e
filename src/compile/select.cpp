#include "src/compile/select.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <set>

#include "src/compile/cover.h"
#include "src/compile/format_search.h"

namespace tenfold::select {

Conversions::Conversions(const Graph& graph, const Target& target, const CompileOptions& options,
                         const std::vector<Symbol>& symbols, Costs& costs)
    : graph_(graph), target_(target), symbols_(symbols), costs_(costs) {
  for (const Row* row : rows_for(target, options)) {
    const std::vector<std::string> patterns = row->patterns();
    for (const std::string& p : patterns)
      if (p.substr(0, 7) == "Convert") rows_.push_back(row);
  }
  std::stable_partition(rows_.begin(), rows_.end(),
                        [](const Row* row) { return !is_reference(*row); });
}

Conversions::Way Conversions::search(const Shape& dims, const Format& from, const Format& to) {
  Way way;
  way.problem = conversion(dims, from, to);
  std::vector<std::string> used;
  for (const Dim& d : dims) d.collect_symbols(used);
  std::sort(used.begin(), used.end());
  for (const std::string& name : used)
    for (const Symbol& s : symbols_)
      if (s.name == name) way.problem.symbols.push_back(s);
  way.us = std::numeric_limits<double>::infinity();
  for (const Row* row : rows_) {
    if (way.row && is_reference(*row)) continue;
    if (!costs_.supports(*row, way.problem)) continue;
    const Timed& timed = costs_.best(*row, way.problem);
    if (!timed.failure.empty() || timed.us >= way.us) continue;
    way.row = row;
    way.tactic = timed.tactic;
    way.us = timed.us;
  }
  return way;
}

const Conversions::Way& Conversions::way(ValueId value, const Format& from, const Format& to) {
  const Shape& dims = graph_.type(value).shape;
  if (of_value_.size() <= value.index) of_value_.resize(value.index + 1);
  std::deque<Found>*& known = of_value_[value.index];
  if (!known) known = &memo_[str(dims)];
  for (const Found& f : *known)
    if (f.from == from && f.to == to) return f.way;
  return known
      ->emplace_back(from, to, same_storage(from, to, dims) ? Way{} : search(dims, from, to))
      .way;
}

const Conversions::Way& Conversions::copy(ValueId value, const Format& from, const Format& to) {
  const Shape& dims = graph_.type(value).shape;
  const std::string key = str(dims) + "|" + from.str() + "|" + to.str();
  auto found = copies_.find(key);
  if (found == copies_.end()) found = copies_.emplace(key, search(dims, from, to)).first;
  if (!found->second.row)
    throw Error(Code::kUnsupported,
                "no kernel copies " + from.str() + " to " + to.str() + " on this target");
  return found->second;
}

namespace {

// Covers by local search: one Offer takes the place of the groups that it overlaps, what they leave
// is covered anew, and Formats around settle before the times are compared.
class CoverSearch {
 public:
  CoverSearch(const Graph& graph, const Candidates& candidates, Conversions& conversions)
      : graph_(graph), candidates_(candidates), conversions_(conversions) {}

  Selection run() {
    Selection now;
    for (const Offer* offer : first_cover(graph_, candidates_))
      now.groups.push_back({offer, 0, {}});
    std::optional<std::vector<Group>> groups = ordered(graph_, now.groups);
    if (!groups)
      throw Error(Code::kInternal, "the chosen regions depend on each other in a circle");
    now.groups = std::move(*groups);
    now.us = FormatSearch(graph_, now.groups, conversions_).run();
    for (int round = 0; round < kRounds && improve(now); ++round)
      now.us = FormatSearch(graph_, now.groups, conversions_).run();
    return now;
  }

 private:
  static constexpr int kRounds = 4;

  bool improve(Selection& now) {
    bool changed = false;
    std::map<NodeId, size_t> group_of = groups_by_node(now);
    auto times = std::make_unique<FormatSearch>(graph_, now.groups, conversions_);
    for (NodeId start : graph_.order())
      for (const Offer& offer : candidates_.by_start.at(start)) {
        std::optional<Selection> other = with(now, group_of, *times, offer);
        if (!other || other->us >= now.us * (1 - 1e-9)) continue;
        now = std::move(*other);
        group_of = groups_by_node(now);
        times = std::make_unique<FormatSearch>(graph_, now.groups, conversions_);
        changed = true;
      }
    return changed;
  }

  static std::map<NodeId, size_t> groups_by_node(const Selection& selection) {
    std::map<NodeId, size_t> group_of;
    for (size_t g = 0; g < selection.groups.size(); ++g)
      for (NodeId n : selection.groups[g].offer->region.nodes) group_of[n] = g;
    return group_of;
  }

  // The selection that takes `offer`; nothing if it cannot or need not be looked at.
  std::optional<Selection> with(const Selection& now, const std::map<NodeId, size_t>& group_of,
                                FormatSearch& times, const Offer& offer) const {
    if (offer.candidates.empty()) return std::nullopt;
    const std::set<NodeId> taken(offer.region.nodes.begin(), offer.region.nodes.end());
    std::set<size_t> overlapped;
    for (NodeId n : taken) overlapped.insert(group_of.at(n));
    const std::vector<size_t> touched(overlapped.begin(), overlapped.end());
    if (now.groups[touched.front()].offer == &offer) return std::nullopt;
    std::set<NodeId> left;
    for (size_t g : touched)
      for (NodeId n : now.groups[g].offer->region.nodes)
        if (!taken.count(n)) left.insert(n);
    std::vector<const Offer*> fresh = cover_of(graph_, candidates_, left);
    if (fresh.empty() != left.empty()) return std::nullopt;
    fresh.push_back(&offer);
    double least = 0;  // conversions may vanish, kernels do not
    for (const Offer* o : fresh) least += o->best_us();
    if (least >= times.around(touched)) return std::nullopt;
    return exchanged(now, touched, fresh);
  }

  std::optional<Selection> exchanged(const Selection& now, const std::vector<size_t>& touched,
                                     const std::vector<const Offer*>& fresh) const {
    std::vector<Group> groups;
    for (size_t g = 0; g < now.groups.size(); ++g)
      if (std::find(touched.begin(), touched.end(), g) == touched.end())
        groups.push_back(now.groups[g]);
    for (const Offer* o : fresh) {
      const auto best = std::min_element(o->candidates.begin(), o->candidates.end(),
                                         [](const auto& a, const auto& b) { return a.us < b.us; });
      groups.push_back({o, static_cast<size_t>(best - o->candidates.begin()), {}});
    }
    std::optional<std::vector<Group>> sorted = ordered(graph_, groups);
    if (!sorted) return std::nullopt;
    Selection other;
    other.groups = std::move(*sorted);
    std::vector<size_t> changed;
    for (size_t g = 0; g < other.groups.size(); ++g)
      if (std::find(fresh.begin(), fresh.end(), other.groups[g].offer) != fresh.end())
        changed.push_back(g);
    other.us = FormatSearch(graph_, other.groups, conversions_).settle(changed);
    return other;
  }

  const Graph& graph_;
  const Candidates& candidates_;
  Conversions& conversions_;
};

}  // namespace

Selection select(const Graph& graph, const Candidates& candidates, Conversions& conversions) {
  return CoverSearch(graph, candidates, conversions).run();
}

}  // namespace tenfold::select
