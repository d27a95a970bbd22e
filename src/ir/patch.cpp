#include <algorithm>
#include <map>
#include <set>

#include "src/ir/storage.h"

namespace tenfold {

namespace {

using Inputs = std::vector<std::vector<ValueId>>;  // per node, new ones included

// What a patch will make of the graph, worked out on the side: a refused patch changes nothing.
struct Staged {
  Inputs inputs;
  std::vector<uint8_t> changed;   // per node
  std::vector<NodeId> producer;   // per value
  std::vector<NodeId> order;
  std::vector<ValueId> outputs;   // of the graph
};

}  // namespace

// Edits in the order they were asked for. New values are numbered behind the graph's.
struct Patch::Data {
  struct NewNode {
    Node node;  // inputs hold the replacements made before the node was added
    std::string name;
    int outputs = 1;
  };
  struct NewValue {
    bool is_constant = false;
    size_t index = 0;  // of a constant: into `constants`; of a node's first output: into `nodes`
    bool first = true;
  };
  uint32_t base_values = 0, base_constants = 0;
  std::vector<NewNode> nodes;
  std::vector<Constant> constants;
  std::vector<NewValue> values;
  std::map<uint32_t, ValueId> replaced;
  std::vector<std::pair<ValueId, ValueId>> replacements;
  std::map<uint32_t, std::vector<ValueId>> inputs;
  std::map<uint32_t, Attrs> attrs;
  std::map<uint32_t, std::vector<std::string>> sources;
  std::map<uint32_t, std::vector<std::shared_ptr<const Graph>>> graphs;

  Staged stage(const Graph::Storage& s) const;  // Error{kInternal, kInvalid}
  void append_to(Graph::Storage& s);

  ValueId next() const { return {base_values + static_cast<uint32_t>(values.size())}; }
  // Follows replacements to the value that stands now.
  ValueId resolve(ValueId v) const {
    for (size_t steps = 0; steps <= replaced.size(); ++steps) {
      auto it = v.valid() ? replaced.find(v.index) : replaced.end();
      if (it == replaced.end()) return v;
      v = it->second;
    }
    throw Error(Code::kInternal, "patch: replacements form a cycle");
  }
  const Constant* constant(const Graph& g, ValueId v, ConstantId& id) const {
    if (v.index < base_values) {
      id = g.value(v).constant;
      return id.valid() ? &g.constant(id) : nullptr;
    }
    const size_t k = v.index - base_values;
    if (k >= values.size() || !values[k].is_constant) return nullptr;
    id = ConstantId{base_constants + static_cast<uint32_t>(values[k].index)};
    return &constants[values[k].index];
  }
};

Patch::Data& Patch::data() {
  if (!data_) {
    data_ = std::make_shared<Data>();
    data_->base_values = graph_->value_count();
    data_->base_constants = graph_->constant_count();
  }
  return *data_;
}

bool Patch::empty() const {
  return !data_ || (data_->values.empty() && data_->replaced.empty() && data_->inputs.empty() &&
                    data_->attrs.empty() && data_->sources.empty() && data_->graphs.empty());
}

ValueId Patch::add(const std::string& op, std::vector<ValueId> inputs, Attrs attrs,
                   const std::string& name, std::vector<std::string> sources) {
  return add_multi(op, std::move(inputs), 1, std::move(attrs), name, std::move(sources)).front();
}

std::vector<ValueId> Patch::add_multi(const std::string& op, std::vector<ValueId> inputs,
                                      int outputs, Attrs attrs, const std::string& name,
                                      std::vector<std::string> sources) {
  Data& d = data();
  if (outputs < 1) throw Error(Code::kInternal, "patch: a node without outputs");
  std::vector<bool> absent;
  for (ValueId& v : inputs) {
    v = d.resolve(v);
    absent.push_back(!v.valid());
    if (v.valid() && v.index >= d.next().index)
      throw Error(Code::kInternal, "patch: input of '" + name + "' (" + op + ") does not exist");
  }
  check_schema(op, name, inputs.size(), outputs, attrs, absent);
  Node node;
  node.op = op;
  node.inputs = std::move(inputs);
  node.attrs = std::move(attrs);
  node.sources = std::move(sources);
  std::vector<ValueId> made;
  for (int k = 0; k < outputs; ++k) {
    made.push_back(d.next());
    d.values.push_back({false, d.nodes.size(), k == 0});
  }
  d.nodes.push_back({std::move(node), name, outputs});
  return made;
}

ValueId Patch::constant(const std::string& name, Tensor value) {
  Data& d = data();
  Constant c;
  c.name = name;
  c.type = Type{ValueKind::kTensor, value.dtype(), to_shape(value.dims())};
  c.source = std::move(value);
  const ValueId id = d.next();
  d.values.push_back({true, d.constants.size(), true});
  d.constants.push_back(std::move(c));
  return id;
}

ValueId Patch::recipe(const std::string& op, std::vector<ValueId> constants, Attrs attrs,
                      const std::string& name) {
  Data& d = data();
  Constant made;
  made.name = name;
  made.op = op;
  std::vector<bool> absent(constants.size(), false);
  const Op& def = check_schema(op, name, constants.size(), 1, attrs, absent);
  InferContext context{attrs, {}, {}, 1, {}};
  for (ValueId v : constants) {
    ConstantId id;
    const Constant* c = d.constant(*graph_, v, id);
    if (!c)
      throw Error(Code::kInternal,
                  "patch: recipe '" + name + "' (" + op + ") of what is no constant");
    context.inputs.push_back(c->type);
    context.constants.push_back(c->is_recipe() ? nullptr : &c->source);
    made.inputs.push_back(id);
  }
  made.type = infer_node(def, name, context).front();
  if (!is_const(made.type.shape))
    throw Error(Code::kInternal,
                "patch: recipe '" + name + "' (" + op + ") has symbolic dimensions");
  made.attrs = std::move(attrs);
  const ValueId id = d.next();
  d.values.push_back({true, d.constants.size(), true});
  d.constants.push_back(std::move(made));
  return id;
}

void Patch::replace(ValueId old_value, ValueId by) {
  Data& d = data();
  const ValueId from = d.resolve(old_value), to = d.resolve(by);
  if (from == to) return;
  d.replaced[from.index] = to;
  d.replacements.emplace_back(from, to);
}

void Patch::set_inputs(NodeId node, std::vector<ValueId> inputs) {
  data().inputs[node.index] = std::move(inputs);
}
void Patch::set_attrs(NodeId node, Attrs attrs) { data().attrs[node.index] = std::move(attrs); }
void Patch::set_graphs(NodeId node, std::vector<std::shared_ptr<const Graph>> graphs) {
  data().graphs[node.index] = std::move(graphs);
}
void Patch::set_sources(NodeId node, std::vector<std::string> sources) {
  data().sources[node.index] = std::move(sources);
}

namespace {

// A topological order that keeps the old one where it still holds; a new node stands right before
// its first user. `producer` per value, invalid for inputs and constants.
std::vector<NodeId> sort_nodes(const std::vector<NodeId>& roots, const Inputs& inputs,
                               const std::vector<NodeId>& producer) {
  enum : uint8_t { kNew, kOpen, kDone };
  std::vector<uint8_t> state(inputs.size(), kNew);
  std::vector<NodeId> order;
  order.reserve(roots.size());
  std::vector<std::pair<NodeId, size_t>> stack;
  for (NodeId root : roots) {
    if (state[root.index] != kNew) continue;
    stack.emplace_back(root, 0);
    state[root.index] = kOpen;
    while (!stack.empty()) {
      auto& [node, next] = stack.back();
      if (next == inputs[node.index].size()) {
        state[node.index] = kDone;
        order.push_back(node);
        stack.pop_back();
        continue;
      }
      const ValueId v = inputs[node.index][next++];
      const NodeId p = v.valid() ? producer[v.index] : NodeId{};
      if (!p.valid() || state[p.index] == kDone) continue;
      if (state[p.index] == kOpen)
        throw Error(Code::kInternal, "patch: the graph would have a cycle");
      state[p.index] = kOpen;
      stack.emplace_back(p, 0);
    }
  }
  return order;
}

// Gives a value a name, whoever had it.
void give_name(Graph::Storage& s, ValueId id, const std::string& name) {
  if (s.values[id.index].name == name) return;
  s.value_names.erase(s.values[id.index].name);
  auto holder = s.value_names.find(name);
  if (holder != s.value_names.end()) {
    const uint32_t other = holder->second;
    s.values[other].name = unique_name(s, s.value_names, name);
    s.value_names[s.values[other].name] = other;
  }
  s.values[id.index].name = name;
  s.value_names[name] = id.index;
}

// A value that replaces another takes over its name, if it is new, and where it may be stored.
void take_over(Graph::Storage& s, ValueId old_id, const std::string& old_name, ValueId by,
               bool by_is_new) {
  const Value& old_value = s.values[old_id.index];
  Value& value = s.values[by.index];
  const bool node_output =
      !value.constant.valid() && !old_value.is_input && !old_value.constant.valid();
  if (by_is_new && node_output) give_name(s, by, old_name);
  value.permitted = by_is_new
                        ? old_value.permitted
                        : TypeSet::from_bits(value.permitted.bits() & old_value.permitted.bits());
}

// Frees the names of old nodes, and of their values, that no output needs any more.
void free_names(Graph::Storage& s, const std::vector<NodeId>& order, const Inputs& inputs,
                const std::vector<NodeId>& producer, const std::vector<ValueId>& outputs) {
  std::vector<uint8_t> needed(inputs.size(), 0);
  const auto need = [&](ValueId v) {
    if (v.valid() && producer[v.index].valid()) needed[producer[v.index].index] = 1;
  };
  for (ValueId v : outputs) need(v);
  for (auto it = order.rbegin(); it != order.rend(); ++it)
    if (needed[it->index])
      for (ValueId v : inputs[it->index]) need(v);
  for (NodeId id : s.order) {
    if (needed[id.index]) continue;
    Node& node = s.nodes[id.index];
    s.node_names.erase(node.name);
    node.name = unique_name(s, s.node_names, node.name + "#" + std::to_string(id.index));
    s.node_names[node.name] = id.index;
    for (ValueId v : node.outputs) {
      Value& value = s.values[v.index];
      give_name(s, v, unique_name(s, s.value_names, value.name + "#" + std::to_string(v.index)));
    }
  }
}

// Values between the nodes of a patch may be stored like the value that they lead to; `settled`
// ones took the place of a value and keep its types.
void inherit_permitted(Graph::Storage& s, size_t first_new, const std::set<ValueId>& settled) {
  for (size_t k = s.nodes.size(); k-- > first_new;) {
    const Node& n = s.nodes[k];
    const TypeSet permitted = s.values[n.outputs.front().index].permitted;
    for (ValueId v : n.inputs) {
      if (!v.valid() || settled.count(v)) continue;
      Value& value = s.values[v.index];
      if (value.producer.valid() && value.producer.index >= first_new) value.permitted = permitted;
    }
  }
}

// Forgets the types of `changed` nodes' outputs and of all that follows from them.
void forget_types(Graph::Storage& s, std::vector<uint8_t> changed) {
  s.types.resize(s.values.size());
  std::vector<uint8_t> dirty(s.values.size(), 0);
  for (NodeId id : s.order) {
    const Node& n = s.nodes[id.index];
    const bool stale =
        changed[id.index] || std::any_of(n.inputs.begin(), n.inputs.end(),
                                         [&](ValueId v) { return v.valid() && dirty[v.index]; });
    if (!stale) continue;
    for (ValueId v : n.outputs) {
      dirty[v.index] = 1;
      s.types[v.index].reset();
    }
  }
}

}  // namespace

Staged Patch::Data::stage(const Graph::Storage& s) const {
  Staged staged;
  const size_t old_nodes = s.nodes.size();
  Inputs& inputs = staged.inputs;
  inputs.resize(old_nodes + nodes.size());
  staged.changed.assign(inputs.size(), 0);
  std::vector<NodeId> roots = s.order;
  for (NodeId id : s.order) {
    const Node& node = s.nodes[id.index];
    const auto set = this->inputs.find(id.index);
    inputs[id.index] = set != this->inputs.end() ? set->second : node.inputs;
    for (ValueId& v : inputs[id.index]) {
      v = resolve(v);
      if (v.valid() && v.index >= next().index)
        throw Error(Code::kInternal, "patch: an input of '" + node.name + "' does not exist");
    }
    staged.changed[id.index] =
        inputs[id.index] != node.inputs || attrs.count(id.index) || graphs.count(id.index);
  }
  staged.producer.resize(next().index);
  for (size_t v = 0; v < s.values.size(); ++v) staged.producer[v] = s.values[v].producer;
  for (size_t k = 0; k < values.size(); ++k)
    if (!values[k].is_constant)
      staged.producer[base_values + k] = NodeId{static_cast<uint32_t>(old_nodes + values[k].index)};
  for (size_t k = 0; k < nodes.size(); ++k) {
    inputs[old_nodes + k] = nodes[k].node.inputs;
    staged.changed[old_nodes + k] = 1;
    roots.push_back(NodeId{static_cast<uint32_t>(old_nodes + k)});
  }
  staged.order = sort_nodes(roots, inputs, staged.producer);
  for (const auto& [index, given] : attrs) {
    if (index >= old_nodes) throw Error(Code::kInternal, "patch: attributes of no node");
    const Node& n = s.nodes[index];
    std::vector<bool> absent;
    for (ValueId v : inputs[index]) absent.push_back(!v.valid());
    check_schema(n.op, n.name, inputs[index].size(), static_cast<int>(n.outputs.size()), given,
                 absent, n.graphs.size());
  }
  for (const auto& [index, given] : graphs) {
    const bool fits = index < old_nodes && given.size() == s.nodes[index].graphs.size() &&
                      std::all_of(given.begin(), given.end(), [](const auto& g) { return g; });
    if (!fits) throw Error(Code::kInternal, "patch: inner graphs of a node that has none such");
  }
  for (const GraphOutput& o : s.outputs) staged.outputs.push_back(resolve(o.value));
  return staged;
}

void Patch::Data::append_to(Graph::Storage& s) {
  for (const NewValue& v : values) {
    if (v.is_constant) {
      append_constant(s, std::move(constants[v.index]));
    } else if (v.first) {
      append_node(s, std::move(nodes[v.index].node), nodes[v.index].outputs, nodes[v.index].name);
    }
  }
}

void Graph::apply(Patch&& patch) {
  if (patch.empty()) return;
  Patch::Data& d = *patch.data_;
  Storage& s = *storage_;
  if (patch.graph_ != this || d.base_values != s.values.size() ||
      d.base_constants != s.constants.size())
    throw Error(Code::kInternal, "patch: made for another state of the graph");
  Staged staged = d.stage(s);
  const size_t old_nodes = s.nodes.size();
  std::vector<std::string> old_names;
  for (const auto& [from, to] : d.replacements)
    old_names.push_back(from.index < s.values.size() ? s.values[from.index].name : "");
  free_names(s, staged.order, staged.inputs, staged.producer, staged.outputs);
  d.append_to(s);
  for (NodeId id : staged.order) s.nodes[id.index].inputs = std::move(staged.inputs[id.index]);
  for (auto& [index, attrs] : d.attrs) s.nodes[index].attrs = std::move(attrs);
  for (auto& [index, graphs] : d.graphs) s.nodes[index].graphs = std::move(graphs);
  for (auto& [index, sources] : d.sources) s.nodes[index].sources = std::move(sources);
  std::set<ValueId> settled;
  for (size_t k = 0; k < d.replacements.size(); ++k) {
    const auto& [from, to] = d.replacements[k];
    if (old_names[k].empty()) continue;
    take_over(s, from, old_names[k], to, to.index >= d.base_values && settled.insert(to).second);
  }
  inherit_permitted(s, old_nodes, settled);
  for (size_t k = 0; k < staged.outputs.size(); ++k) s.outputs[k].value = staged.outputs[k];
  s.order = std::move(staged.order);
  s.links.reset();
  forget_types(s, std::move(staged.changed));
  patch.data_.reset();
}

}  // namespace tenfold
