#include "src/compile/siblings.h"

#include <algorithm>
#include <map>
#include <set>

namespace tenfold::select {
namespace {

// A convolution, and the activation behind it if nothing else sees what is between.
struct Member {
  NodeId conv, activation;
  ValueId result;
};

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

class Merger {
 public:
  Merger(const Graph& graph, Siblings which) : graph_(graph), which_(which) {}

  std::optional<Graph> run(std::vector<std::string>& names) {
    // By first member, so that equal graphs merge equally.
    std::map<std::string, std::vector<Member>> sets;
    std::vector<const std::vector<Member>*> order;
    for (NodeId id : graph_.order()) {
      const std::optional<Member> member = member_of(id);
      if (!member) continue;
      std::vector<Member>& set = sets[key(*member)];
      set.push_back(*member);
      if (set.size() == 2) order.push_back(&set);
    }
    if (order.empty()) return std::nullopt;
    Graph merged = graph_;
    Patch patch(merged);
    for (const std::vector<Member>* set : order) names.push_back(merge(patch, *set));
    merged.apply(std::move(patch));
    merged.remove_unused();
    return merged;
  }

 private:
  std::optional<Member> member_of(NodeId id) const {
    const Node& conv = graph_.node(id);
    if (conv.op != "Conv" || conv.attrs.i("group", 1) != 1 || conv.inputs.size() < 2)
      return std::nullopt;
    if (is_constant(graph_, conv.inputs[0]) || !is_constant(graph_, conv.inputs[1]))
      return std::nullopt;
    if (conv.inputs.size() > 2 && !is_constant(graph_, conv.inputs[2])) return std::nullopt;
    Member member{id, {}, conv.outputs[0]};
    const std::vector<NodeId> uses = graph_.uses(member.result);
    if (uses.size() == 1 && !graph_.is_output(member.result) &&
        is_activation(graph_.node(uses[0]))) {
      member.activation = uses[0];
      member.result = graph_.node(uses[0]).outputs[0];
    }
    if (graph_.is_output(member.result)) return std::nullopt;
    if (which_ == Siblings::kApart)
      for (const NodeId use : graph_.uses(member.result))
        if (graph_.node(use).op == "Concat") return std::nullopt;
    return member;
  }

  // Equal for siblings.
  std::string key(const Member& m) const {
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

  ValueId joined(Patch& patch, const std::vector<Member>& set, size_t input) const {
    std::vector<ValueId> parts;
    std::string name;
    for (const Member& m : set) {
      const ValueId v = graph_.node(m.conv).inputs[input];
      parts.push_back(v);
      name += (name.empty() ? "" : "|") + graph_.value(v).name;
    }
    return patch.recipe("Concat", parts, {{"axis", int64_t{0}}}, name);
  }

  std::string merge(Patch& patch, const std::vector<Member>& set) const {
    const Node& first = graph_.node(set.front().conv);
    std::vector<std::string> conv_sources, sources;
    std::vector<int64_t> channels;
    std::string name, activation_name;
    const auto add_sources = [](std::vector<std::string>& list, const Node& node) {
      for (const std::string& s : node.sources)
        if (std::find(list.begin(), list.end(), s) == list.end()) list.push_back(s);
    };
    for (const Member& m : set) {
      const Node& conv = graph_.node(m.conv);
      name += (name.empty() ? "" : " | ") + conv.name;
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
    return name;
  }

  const Graph& graph_;
  const Siblings which_;
};

}  // namespace

std::optional<Graph> merge_siblings(const Graph& graph, Siblings which,
                                    std::vector<std::string>& names) {
  return Merger(graph, which).run(names);
}

}  // namespace tenfold::select
