#include "src/compile/siblings.h"

#include <algorithm>
#include <map>
#include <optional>

namespace tenfold::select {
namespace {

bool is_constant(const Graph& graph, ValueId v) {
  return v.valid() && graph.value(v).constant.valid();
}

std::string dims_text(const Shape& shape, size_t from) {
  std::string text;
  for (size_t k = from; k < shape.size(); ++k) text += shape[k].str() + ",";
  return text;
}

// A function of one value, element by element.
bool is_activation(const Node& node) {
  const Op* op = find_op(node.op);
  return op && op->expr && node.inputs.size() == 1 && node.outputs.size() == 1;
}

class Finder {
 public:
  explicit Finder(const Graph& graph) : graph_(graph) {}

  std::vector<SiblingSet> run() const {
    std::map<std::string, size_t> index;
    std::vector<SiblingSet> sets;
    for (NodeId id : graph_.order()) {
      const std::optional<Sibling> sibling = sibling_of(id);
      if (!sibling) continue;
      const auto [at, fresh] = index.emplace(key(*sibling), sets.size());
      if (fresh) sets.emplace_back();
      sets[at->second].push_back(*sibling);
    }
    std::erase_if(sets, [](const SiblingSet& set) { return set.size() < 2; });
    return sets;
  }

 private:
  std::optional<Sibling> sibling_of(NodeId id) const {
    const Node& conv = graph_.node(id);
    if (conv.op != "Conv" || conv.attrs.i("group", 1) != 1 || conv.inputs.size() < 2)
      return std::nullopt;
    if (is_constant(graph_, conv.inputs[0]) || !is_constant(graph_, conv.inputs[1]))
      return std::nullopt;
    if (conv.inputs.size() > 2 && !is_constant(graph_, conv.inputs[2])) return std::nullopt;
    Sibling member{id, {}, conv.outputs[0]};
    const std::vector<NodeId> uses = graph_.uses(member.result);
    if (uses.size() == 1 && !graph_.is_output(member.result) &&
        is_activation(graph_.node(uses[0]))) {
      member.activation = uses[0];
      member.result = graph_.node(uses[0]).outputs[0];
    }
    if (graph_.is_output(member.result)) return std::nullopt;
    for (const NodeId use : graph_.uses(member.result))
      member.joined = member.joined || graph_.node(use).op == "Concat";
    return member;
  }

  // Equal for siblings.
  std::string key(const Sibling& m) const {
    const Node& conv = graph_.node(m.conv);
    const Type& w = graph_.type(conv.inputs[1]);
    std::string text = std::to_string(conv.inputs[0].index) + conv.attrs.str();
    text += " w " + std::string(to_string(w.dtype)) + dims_text(w.shape, 1);
    text += conv.inputs.size() > 2 ? " bias" : "";
    if (m.activation.valid()) {
      const Node& f = graph_.node(m.activation);
      text += " " + f.op + f.attrs.str();
    }
    for (const ValueId v : {conv.outputs[0], m.result})
      text += " " + std::to_string(graph_.value(v).permitted.bits()) + " " +
              std::string(to_string(graph_.type(v).dtype));
    return text;
  }

  const Graph& graph_;
};

class Merger {
 public:
  explicit Merger(const Graph& graph) : graph_(graph) {}

  void merge(Patch& patch, const SiblingSet& set) const {
    const Node& first = graph_.node(set.front().conv);
    std::vector<std::string> conv_sources, sources;
    std::vector<int64_t> channels;
    const std::string name = name_of(graph_, set);
    std::string activation_name;
    const auto add_sources = [](std::vector<std::string>& list, const Node& node) {
      for (const std::string& s : node.sources)
        if (std::find(list.begin(), list.end(), s) == list.end()) list.push_back(s);
    };
    for (const Sibling& m : set) {
      const Node& conv = graph_.node(m.conv);
      add_sources(conv_sources, conv);
      channels.push_back(graph_.type(conv.inputs[1]).shape[0].value());
      if (!m.activation.valid()) continue;
      const Node& f = graph_.node(m.activation);
      activation_name += (activation_name.empty() ? "" : " | ") + f.name;
      add_sources(sources, f);
    }
    std::vector<ValueId> inputs{first.inputs[0]};
    for (size_t k = 1; k < first.inputs.size(); ++k) inputs.push_back(joined(patch, set, k));
    ValueId y = patch.add("Conv", inputs, first.attrs, name, conv_sources);
    if (set.front().activation.valid()) {
      const Node& f = graph_.node(set.front().activation);
      y = patch.add(f.op, {y}, f.attrs, activation_name, sources);
    }
    const std::vector<ValueId> parts =
        patch.add_multi("Split", {y}, static_cast<int>(set.size()),
                        {{"axis", int64_t{1}}, {"split", channels}}, name + " split");
    for (size_t k = 0; k < set.size(); ++k) patch.replace(set[k].result, parts[k]);
  }

 private:
  ValueId joined(Patch& patch, const SiblingSet& set, size_t input) const {
    std::vector<ValueId> parts;
    std::string name;
    for (const Sibling& m : set) {
      const ValueId v = graph_.node(m.conv).inputs[input];
      parts.push_back(v);
      name += (name.empty() ? "" : "|") + graph_.value(v).name;
    }
    return patch.recipe("Concat", parts, {{"axis", int64_t{0}}}, name);
  }

  const Graph& graph_;
};

}  // namespace

std::vector<SiblingSet> find_siblings(const Graph& graph) { return Finder(graph).run(); }

std::string name_of(const Graph& graph, const SiblingSet& set) {
  std::string name;
  for (const Sibling& m : set) name += (name.empty() ? "" : " | ") + graph.node(m.conv).name;
  return name;
}

Graph merge_siblings(const Graph& graph, const std::vector<SiblingSet>& sets) {
  Graph merged = graph;
  Patch patch(merged);
  const Merger merger(graph);
  for (const SiblingSet& set : sets) merger.merge(patch, set);
  merged.apply(std::move(patch));
  merged.remove_unused();
  return merged;
}

}  // namespace tenfold::select
