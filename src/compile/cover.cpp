#include "src/compile/cover.h"

#include <algorithm>
#include <limits>

namespace tenfold::select {
namespace {

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
        missing.push_back("node '" + n.name + "' (" + n.op + "): " + why(id));
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
  std::string why(NodeId id) const {
    constexpr size_t kMost = 4;
    const auto found = candidates_.refused.find(id);
    if (found == candidates_.refused.end() || found->second.empty())
      return "no kernel that may be used is for it";
    std::string text = "no kernel can do it";
    for (size_t k = 0; k < std::min(found->second.size(), kMost); ++k)
      text += (k ? "; " : ": ") + found->second[k];
    const size_t more = found->second.size() - std::min(found->second.size(), kMost);
    if (more > 0) text += "; and " + std::to_string(more) + " reasons more (`tenfold explain`)";
    return text;
  }

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

}  // namespace

std::vector<const Offer*> first_cover(const Graph& graph, const Candidates& candidates) {
  return Cover(graph, candidates).run();
}

std::vector<const Offer*> cover_of(const Graph& graph, const Candidates& candidates,
                                   const std::set<NodeId>& nodes) {
  std::set<NodeId> left = nodes;
  std::vector<const Offer*> cover;
  if (left.empty()) return cover;
  for (NodeId id : graph.order()) {
    if (!left.count(id)) continue;
    const Offer* best = nullptr;
    for (const Offer& o : candidates.by_start.at(id))
      if (!o.candidates.empty() && std::all_of(o.region.nodes.begin(), o.region.nodes.end(),
                                               [&](NodeId n) { return left.count(n) != 0; }))
        best = &o;
    if (!best) return {};
    for (NodeId n : best->region.nodes) left.erase(n);
    cover.push_back(best);
  }
  return cover;
}

std::optional<std::vector<Group>> ordered(const Graph& graph, const std::vector<Group>& cover) {
  std::map<ValueId, size_t> producer;
  for (size_t g = 0; g < cover.size(); ++g)
    for (ValueId v : cover[g].offer->lowered.outputs) producer[v] = g;
  std::vector<std::set<size_t>> users(cover.size());
  std::vector<int> waiting(cover.size(), 0);
  for (size_t g = 0; g < cover.size(); ++g)
    for (ValueId v : cover[g].offer->lowered.inputs)
      if (const auto it = producer.find(v);
          it != producer.end() && it->second != g && users[it->second].insert(g).second)
        ++waiting[g];
  std::set<std::pair<uint32_t, size_t>> ready;
  const auto last = [&](size_t g) { return graph.position(cover[g].offer->region.nodes.back()); };
  for (size_t g = 0; g < cover.size(); ++g)
    if (!waiting[g]) ready.insert({last(g), g});
  std::vector<Group> groups;
  while (!ready.empty()) {
    const size_t g = ready.begin()->second;
    ready.erase(ready.begin());
    groups.push_back(cover[g]);
    for (size_t u : users[g])
      if (--waiting[u] == 0) ready.insert({last(u), u});
  }
  if (groups.size() != cover.size()) return std::nullopt;
  return groups;
}

}  // namespace tenfold::select
