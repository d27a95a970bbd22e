#include "src/compile/region.h"

#include <algorithm>
#include <set>

namespace tenfold::select {

bool is_pointwise(const Graph& graph, NodeId node) {
  const Op* def = find_op(graph.node(node).op);
  return def && def->expr;
}

bool is_view(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  static const std::set<std::string, std::less<>> kReshapes = {"Reshape",   "Flatten",  "Squeeze",
                                                               "Unsqueeze", "Identity", "Dropout"};
  if (kReshapes.count(node.op)) return true;
  if (node.op != "Transpose") return false;
  const std::vector<int64_t> perm = node.attrs.ints("perm");
  return perm == std::vector<int64_t>{0, 2, 3, 1} || perm == std::vector<int64_t>{0, 3, 1, 2};
}

namespace {

// Grows one region; keeps the values it defines and which nodes could not be absorbed.
class Grower {
 public:
  Grower(const Graph& graph, NodeId start) : graph_(graph) {
    shape_ = graph.type(graph.node(start).outputs.front()).shape;
    take(start);
  }

  std::vector<Region> run(int limit) {
    std::vector<Region> regions{snapshot()};
    if (graph_.node(nodes_.front()).outputs.size() != 1) return regions;
    while (static_cast<int>(nodes_.size()) <= limit && absorb_next()) {
      Region region = snapshot();
      if (region.outputs.size() == 1) regions.push_back(std::move(region));
    }
    return regions;
  }

 private:
  void take(NodeId id) {
    nodes_.push_back(id);
    members_.insert(id);
    for (ValueId v : graph_.node(id).outputs) values_.insert(v);
  }

  Region snapshot() const {
    Region region;
    region.nodes = nodes_;
    std::sort(region.nodes.begin(), region.nodes.end(),
              [&](NodeId a, NodeId b) { return graph_.position(a) < graph_.position(b); });
    for (NodeId id : region.nodes)
      for (ValueId v : graph_.node(id).outputs)
        if (leaves(v)) region.outputs.push_back(v);
    return region;
  }

  bool leaves(ValueId v) const {
    if (graph_.is_output(v)) return true;
    const std::vector<NodeId> uses = graph_.uses(v);
    return std::any_of(uses.begin(), uses.end(), [&](NodeId u) { return !members_.count(u); });
  }

  // The earliest user of a region value that may join.
  bool absorb_next() {
    std::vector<NodeId> users;
    for (ValueId v : values_)
      for (NodeId u : graph_.uses(v))
        if (!members_.count(u)) users.push_back(u);
    std::sort(users.begin(), users.end(),
              [&](NodeId a, NodeId b) { return graph_.position(a) < graph_.position(b); });
    users.erase(std::unique(users.begin(), users.end()), users.end());
    for (NodeId u : users) {
      if (!may_join(u)) continue;
      take(u);
      return true;
    }
    return false;
  }

  bool may_join(NodeId id) const {
    if (!is_pointwise(graph_, id)) return false;
    const Node& node = graph_.node(id);
    if (node.outputs.size() != 1 || graph_.type(node.outputs.front()).shape != shape_) return false;
    for (ValueId v : graph_.node(nodes_.front()).outputs)
      if (graph_.is_output(v)) return false;
    for (ValueId v : node.inputs) {
      if (!v.valid() || graph_.value(v).constant.valid() || values_.count(v)) continue;
      if (depends_on_region(v)) return false;
    }
    return true;
  }

  // Whether a value outside the region is computed from one inside it.
  bool depends_on_region(ValueId value) const {
    std::vector<ValueId> pending{value};
    std::set<ValueId> seen;
    const uint32_t first = graph_.position(nodes_.front());
    while (!pending.empty()) {
      const ValueId v = pending.back();
      pending.pop_back();
      if (!v.valid() || !seen.insert(v).second) continue;
      if (values_.count(v)) return true;
      const NodeId producer = graph_.value(v).producer;
      if (!producer.valid() || graph_.position(producer) < first) continue;
      for (ValueId input : graph_.node(producer).inputs) pending.push_back(input);
    }
    return false;
  }

  const Graph& graph_;
  Shape shape_;
  std::vector<NodeId> nodes_;
  std::set<NodeId> members_;
  std::set<ValueId> values_;
};

}  // namespace

std::vector<Region> grow_regions(const Graph& graph, NodeId start, int limit) {
  return Grower(graph, start).run(limit);
}

}  // namespace tenfold::select
