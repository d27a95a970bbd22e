#include "src/compile/select.h"

#include <algorithm>
#include <limits>
#include <set>

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
    if (!row->supports(way.problem, target_)) continue;
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
  const std::string key = str(dims) + "|" + from.str() + "|" + to.str();
  if (const auto found = memo_.find(key); found != memo_.end()) return found->second;
  return memo_.emplace(key, same_storage(from, to, dims) ? Way{} : search(dims, from, to))
      .first->second;
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

// The cover: for each start the region whose time, with the rest of the largest region, is least.
class Cover {
 public:
  Cover(const Graph& graph, const Candidates& candidates)
      : graph_(graph), candidates_(candidates) {}

  std::vector<const Offer*> run() {
    std::vector<const Offer*> chosen;
    std::vector<std::string> missing;
    for (NodeId id : graph_.order()) {
      if (covered_.count(id)) continue;
      const Offer* best = pick(id);
      if (!best) {
        const Node& n = graph_.node(id);
        missing.push_back("node '" + n.name + "' (" + n.op +
                          "): no kernel can do it; `tenfold explain` says why");
        continue;
      }
      for (NodeId n : best->region.nodes) covered_.insert(n);
      chosen.push_back(best);
    }
    if (!missing.empty())
      throw Error(Code::kUnsupported,
                  std::to_string(missing.size()) + " nodes have no kernel on this target", missing);
    return chosen;
  }

 private:
  const Offer* pick(NodeId start) const {
    const Offers& offers = candidates_.by_start.at(start);
    const Offer* best = nullptr;
    double best_us = std::numeric_limits<double>::infinity();
    for (const Offer& offer : offers) {
      if (offer.candidates.empty() || overlaps(offer)) continue;
      const double us = offer.best_us() + rest(offer, offers.back());
      if (!best || us <= best_us) {
        best = &offer;
        best_us = us;
      }
    }
    return best;
  }

  bool overlaps(const Offer& offer) const {
    return std::any_of(offer.region.nodes.begin(), offer.region.nodes.end(),
                       [&](NodeId n) { return covered_.count(n) != 0; });
  }

  // Time of the nodes of `largest` that `offer` leaves, each run by its own best region.
  double rest(const Offer& offer, const Offer& largest) const {
    std::set<NodeId> done(offer.region.nodes.begin(), offer.region.nodes.end());
    double us = 0;
    for (NodeId id : largest.region.nodes) {
      if (done.count(id)) continue;
      const Offer* best = nullptr;
      for (const Offer& o : candidates_.by_start.at(id))
        if (!o.candidates.empty()) best = &o;
      if (!best) return std::numeric_limits<double>::infinity();
      us += best->best_us();
      done.insert(best->region.nodes.begin(), best->region.nodes.end());
    }
    return us;
  }

  const Graph& graph_;
  const Candidates& candidates_;
  std::set<NodeId> covered_;
};

// Formats by local search from several uniform starts: one choice at a time, its conversions
// included.
class FormatSearch {
 public:
  FormatSearch(const Graph& graph, std::vector<Group>& groups, Conversions& conversions)
      : graph_(graph), groups_(groups), conversions_(conversions) {
    for (size_t g = 0; g < groups_.size(); ++g) {
      const Lowered& l = groups_[g].offer->lowered;
      for (size_t k = 0; k < l.outputs.size(); ++k) producer_[l.outputs[k]] = {g, k};
      for (size_t k = 0; k < l.inputs.size(); ++k)
        if (!graph_.value(l.inputs[k]).constant.valid()) consumers_[l.inputs[k]].push_back({g, k});
    }
  }

  double run() {
    std::set<std::string> layouts{""};
    for (const Group& g : groups_)
      for (const Candidate& c : g.offer->candidates)
        layouts.insert(c.formats.outputs.front().str());
    std::vector<size_t> best;
    double best_us = std::numeric_limits<double>::infinity();
    for (const std::string& layout : layouts) {
      start_from(layout);
      for (int sweep = 0; sweep < 12 && improve(sweep % 2 == 1); ++sweep) {
      }
      const double us = total();
      if (us < best_us || best.empty()) {
        best_us = us;
        best.clear();
        for (const Group& g : groups_) best.push_back(g.choice);
      }
    }
    for (size_t g = 0; g < groups_.size(); ++g) groups_[g].choice = best[g];
    return best_us;
  }

 private:
  struct Place {
    size_t group, operand;
  };

  void start_from(const std::string& layout) {
    for (Group& g : groups_) {
      const auto& candidates = g.offer->candidates;
      size_t pick = 0;
      bool found = false;
      for (size_t c = 0; c < candidates.size(); ++c) {
        const bool fits = candidates[c].formats.outputs.front().str() == layout;
        if ((fits && !found) || (fits == found && candidates[c].us < candidates[pick].us)) pick = c;
        found = found || fits;
      }
      g.choice = pick;
    }
  }

  Format fixed(ValueId v) const { return Format{graph_.type(v).dtype, Layout::linear()}; }

  Format produced(ValueId v) const {
    const auto it = producer_.find(v);
    if (it == producer_.end()) return fixed(v);  // graph inputs arrive linear
    return groups_[it->second.group].chosen().formats.outputs[it->second.operand];
  }

  // Conversions that a value needs for all its consumers, each target Format once.
  double conversions_of(ValueId v) {
    const Format from = produced(v);
    std::vector<Format> wanted;
    const auto want = [&](const Format& f) {
      if (std::find(wanted.begin(), wanted.end(), f) == wanted.end()) wanted.push_back(f);
    };
    if (const auto it = consumers_.find(v); it != consumers_.end())
      for (const Place& p : it->second) want(groups_[p.group].chosen().formats.inputs[p.operand]);
    if (graph_.is_output(v)) want(fixed(v));
    double us = 0;
    for (const Format& to : wanted) us += conversions_.way(v, from, to).us;
    return us;
  }

  double local(size_t g) {
    double us = groups_[g].chosen().us;
    const Lowered& l = groups_[g].offer->lowered;
    for (ValueId v : l.outputs) us += conversions_of(v);
    std::set<ValueId> seen;
    for (ValueId v : l.inputs)
      if (!graph_.value(v).constant.valid() && seen.insert(v).second) us += conversions_of(v);
    return us;
  }

  bool improve(bool backward) {
    bool changed = false;
    for (size_t k = 0; k < groups_.size(); ++k) {
      const size_t g = backward ? groups_.size() - 1 - k : k;
      const size_t before = groups_[g].choice;
      size_t best = before;
      double best_us = local(g);
      for (size_t c = 0; c < groups_[g].offer->candidates.size(); ++c) {
        groups_[g].choice = c;
        const double us = local(g);
        if (us < best_us * (1 - 1e-9)) {
          best_us = us;
          best = c;
        }
      }
      groups_[g].choice = best;
      changed = changed || best != before;
    }
    return changed;
  }

  double total() {
    double us = 0;
    for (const Group& g : groups_) us += g.chosen().us;
    for (const auto& [v, place] : producer_) us += conversions_of(v);
    for (ValueId v : graph_.inputs()) us += conversions_of(v);
    return us;
  }

  const Graph& graph_;
  std::vector<Group>& groups_;
  Conversions& conversions_;
  std::map<ValueId, Place> producer_;
  std::map<ValueId, std::vector<Place>> consumers_;
};

// Groups in data-flow order, ties by the position of their last node.
std::vector<Group> ordered(const Graph& graph, const std::vector<const Offer*>& cover) {
  std::map<NodeId, uint32_t> position;
  for (uint32_t k = 0; k < graph.order().size(); ++k) position[graph.order()[k]] = k;
  std::map<ValueId, size_t> producer;
  for (size_t g = 0; g < cover.size(); ++g)
    for (ValueId v : cover[g]->lowered.outputs) producer[v] = g;
  std::vector<std::set<size_t>> users(cover.size());
  std::vector<int> waiting(cover.size(), 0);
  for (size_t g = 0; g < cover.size(); ++g)
    for (ValueId v : cover[g]->lowered.inputs)
      if (const auto it = producer.find(v);
          it != producer.end() && it->second != g && users[it->second].insert(g).second)
        ++waiting[g];
  std::set<std::pair<uint32_t, size_t>> ready;
  const auto last = [&](size_t g) { return position.at(cover[g]->region.nodes.back()); };
  for (size_t g = 0; g < cover.size(); ++g)
    if (!waiting[g]) ready.insert({last(g), g});
  std::vector<Group> groups;
  while (!ready.empty()) {
    const size_t g = ready.begin()->second;
    ready.erase(ready.begin());
    groups.push_back({cover[g], 0, {}});
    for (size_t u : users[g])
      if (--waiting[u] == 0) ready.insert({last(u), u});
  }
  if (groups.size() != cover.size())
    throw Error(Code::kInternal, "the chosen regions depend on each other in a circle");
  return groups;
}

}  // namespace

Selection select(const Graph& graph, const Candidates& candidates, Conversions& conversions) {
  Selection selection;
  selection.groups = ordered(graph, Cover(graph, candidates).run());
  selection.us = FormatSearch(graph, selection.groups, conversions).run();
  return selection;
}

}  // namespace tenfold::select
