#include <algorithm>
#include <cctype>

#include "src/ir/storage.h"

namespace tenfold {

Graph::Graph() : storage_(std::make_unique<Storage>()) {}
Graph::Graph(const Graph& other) : storage_(std::make_unique<Storage>(*other.storage_)) {}
Graph::Graph(Graph&& other) noexcept = default;
Graph& Graph::operator=(const Graph& other) {
  if (this != &other) storage_ = std::make_unique<Storage>(*other.storage_);
  return *this;
}
Graph& Graph::operator=(Graph&& other) noexcept = default;
Graph::~Graph() = default;

const std::string& Graph::name() const { return storage_->name; }
const std::vector<Symbol>& Graph::symbols() const { return storage_->symbols; }
const std::vector<ValueId>& Graph::inputs() const { return storage_->inputs; }
const std::vector<GraphOutput>& Graph::outputs() const { return storage_->outputs; }
const std::vector<NodeId>& Graph::order() const { return storage_->order; }
uint32_t Graph::value_count() const { return static_cast<uint32_t>(storage_->values.size()); }
uint32_t Graph::constant_count() const { return static_cast<uint32_t>(storage_->constants.size()); }

const Symbol* Graph::symbol(std::string_view name) const {
  for (const Symbol& s : storage_->symbols)
    if (s.name == name) return &s;
  return nullptr;
}

const Node& Graph::node(NodeId id) const {
  if (id.index >= storage_->nodes.size()) throw Error(Code::kInternal, "graph: no such node");
  return storage_->nodes[id.index];
}

const Value& Graph::value(ValueId id) const {
  if (id.index >= storage_->values.size()) throw Error(Code::kInternal, "graph: no such value");
  return storage_->values[id.index];
}

const Constant& Graph::constant(ConstantId id) const {
  if (id.index >= storage_->constants.size())
    throw Error(Code::kInternal, "graph: no such constant");
  return storage_->constants[id.index];
}

const Constant* Graph::constant_of(ValueId id) const {
  if (!id.valid()) return nullptr;
  const Value& v = value(id);
  if (!v.constant.valid()) return nullptr;
  const Constant& c = constant(v.constant);
  return c.is_recipe() ? nullptr : &c;
}

namespace {

void infer_into(const Graph& graph, NodeId id, std::vector<std::optional<Type>>& types) {
  const Node& node = graph.node(id);
  const Op* def = find_op(node.op);
  if (!def)
    throw Error(Code::kUnsupported, "node '" + node.name + "': unknown op '" + node.op + "'");
  InferContext context{node.attrs, {}, {}, static_cast<int>(node.outputs.size()), bodies_of(node)};
  for (ValueId input : node.inputs) {
    if (input.valid()) {
      context.inputs.push_back(*types[input.index]);
    } else {
      context.inputs.push_back(Type{ValueKind::kTensor, DType::kUndefined, {}});
    }
    const Constant* c = graph.constant_of(input);
    context.constants.push_back(c ? &c->source : nullptr);
  }
  std::vector<Type> out = infer_node(*def, node.name, context);
  for (size_t k = 0; k < out.size(); ++k) types[node.outputs[k].index] = std::move(out[k]);
}

// The type of a value that needs no inference, or null.
const Type* given_type(const Graph& graph, ValueId id) {
  const Value& v = graph.value(id);
  if (v.constant.valid()) return &graph.constant(v.constant).type;
  return v.is_input ? &v.declared : nullptr;
}

}  // namespace

const Type& Graph::type(ValueId id) const {
  const Value& v = value(id);
  if (const Type* given = given_type(*this, id)) return *given;
  auto& types = storage_->types;
  types.resize(storage_->values.size());
  if (types[id.index]) return *types[id.index];
  if (!storage_->alive[id.index])
    throw Error(Code::kInternal, "graph: value '" + v.name + "' was removed");
  // Producers first, with an explicit stack: depth follows the input.
  std::vector<NodeId> stack{v.producer};
  while (!stack.empty()) {
    NodeId next = stack.back();
    bool ready = true;
    for (ValueId input : node(next).inputs) {
      if (!input.valid() || types[input.index]) continue;
      if (const Type* given = given_type(*this, input)) {
        types[input.index] = *given;
        continue;
      }
      NodeId producer = value(input).producer;
      if (!producer.valid())
        throw Error(Code::kInternal, "graph: value '" + value(input).name + "' has no producer");
      stack.push_back(producer);
      ready = false;
    }
    if (!ready) continue;
    stack.pop_back();
    if (!types[node(next).outputs.front().index]) infer_into(*this, next, types);
  }
  return *types[id.index];
}

const Graph::Storage::Links& Graph::Storage::linked() const {
  if (links) return *links;
  links.emplace();
  links->users.resize(values.size());
  links->is_output.resize(values.size());
  links->position.resize(nodes.size());
  for (uint32_t k = 0; k < order.size(); ++k) {
    links->position[order[k].index] = k;
    for (ValueId input : nodes[order[k].index].inputs) {
      if (!input.valid()) continue;
      auto& list = links->users[input.index];
      if (list.empty() || list.back() != order[k]) list.push_back(order[k]);
    }
  }
  for (const GraphOutput& o : outputs) links->is_output[o.value.index] = 1;
  return *links;
}

std::vector<NodeId> Graph::uses(ValueId id) const {
  const auto& users = storage_->linked().users;
  return id.index < users.size() ? users[id.index] : std::vector<NodeId>{};
}

bool Graph::is_output(ValueId id) const {
  const auto& outputs = storage_->linked().is_output;
  return id.index < outputs.size() && outputs[id.index] != 0;
}

uint32_t Graph::position(NodeId id) const { return storage_->linked().position.at(id.index); }

std::optional<ValueId> Graph::find_value(std::string_view name) const {
  auto it = storage_->value_names.find(std::string(name));
  if (it == storage_->value_names.end()) return std::nullopt;
  return ValueId{it->second};
}

void Graph::set_symbol(Symbol symbol) {
  if (symbol.min < 0 || symbol.max < symbol.min)
    throw Error(Code::kInvalid, "symbol '" + symbol.name + "': its range is empty or negative");
  for (Symbol& s : storage_->symbols)
    if (s.name == symbol.name) {
      s = std::move(symbol);
      return;
    }
  storage_->symbols.push_back(std::move(symbol));
}

void Graph::set_permitted(ValueId id, TypeSet types) {
  value(id);
  storage_->values[id.index].permitted = types;
}

int Graph::remove_unused() {
  Storage& s = *storage_;
  std::vector<uint8_t> needed(s.values.size(), 0);
  for (const GraphOutput& o : s.outputs) needed[o.value.index] = 1;
  std::vector<NodeId> kept;
  std::vector<uint8_t> keep_node(s.nodes.size(), 0);
  for (auto it = s.order.rbegin(); it != s.order.rend(); ++it) {
    const Node& n = s.nodes[it->index];
    if (std::none_of(n.outputs.begin(), n.outputs.end(),
                     [&](ValueId v) { return needed[v.index]; }))
      continue;
    keep_node[it->index] = 1;
    kept.push_back(*it);
    for (ValueId v : n.outputs) needed[v.index] = 1;
    for (ValueId v : n.inputs)
      if (v.valid()) needed[v.index] = 1;
  }
  std::reverse(kept.begin(), kept.end());
  const int removed = static_cast<int>(s.order.size() - kept.size());
  for (NodeId id : s.order)
    if (!keep_node[id.index]) {
      s.node_names.erase(s.nodes[id.index].name);
      s.nodes[id.index] = Node{};
    }
  s.order = std::move(kept);
  // Recipes come after what they are made of.
  std::vector<uint8_t> needed_constants(s.constants.size(), 0);
  for (size_t v = 0; v < s.values.size(); ++v)
    if (needed[v] && s.values[v].constant.valid()) needed_constants[s.values[v].constant.index] = 1;
  for (size_t c = s.constants.size(); c-- > 0;)
    if (needed_constants[c])
      for (ConstantId input : s.constants[c].inputs) needed_constants[input.index] = 1;
  for (ValueId v : s.inputs) needed[v.index] = 1;
  for (size_t v = 0; v < s.values.size(); ++v) {
    const ConstantId c = s.values[v].constant;
    const bool keep = needed[v] || (c.valid() && needed_constants[c.index]);
    if (!s.alive[v] || keep) continue;
    s.alive[v] = 0;
    s.value_names.erase(s.values[v].name);
  }
  for (size_t c = 0; c < s.constants.size(); ++c)
    if (!needed_constants[c]) s.constants[c].source = Tensor();
  s.types.resize(s.values.size());
  for (size_t v = 0; v < s.values.size(); ++v)
    if (!s.alive[v]) s.types[v].reset();
  s.links.reset();
  return removed;
}

// ---- storage helpers
// ------------------------------------------------------------------------------

std::string unique_name(Graph::Storage& s, const std::unordered_map<std::string, uint32_t>& taken,
                        const std::string& wanted) {
  if (!taken.count(wanted)) return wanted;
  for (;;) {
    std::string candidate = wanted + "_" + std::to_string(++s.suffixes[wanted]);
    if (!taken.count(candidate)) return candidate;
  }
}

ValueId append_value(Graph::Storage& s, const std::string& name, const std::string& stem) {
  Value value;
  value.name = unique_name(s, s.value_names, name.empty() ? stem : name);
  const ValueId id{static_cast<uint32_t>(s.values.size())};
  s.value_names[value.name] = id.index;
  s.values.push_back(std::move(value));
  s.alive.push_back(1);
  s.links.reset();
  return id;
}

namespace {

std::string lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

NodeId append_node(Graph::Storage& s, Node node, int outputs, const std::string& name) {
  const NodeId id{static_cast<uint32_t>(s.nodes.size())};
  const std::string stem = lower(node.op);
  node.name = unique_name(s, s.node_names, name.empty() ? stem : name);
  s.node_names[node.name] = id.index;
  node.outputs.clear();
  for (int k = 0; k < outputs; ++k) {
    const ValueId v =
        append_value(s, k == 0 ? node.name : node.name + "." + std::to_string(k), stem);
    s.values[v.index].producer = id;
    s.values[v.index].output = static_cast<uint32_t>(k);
    node.outputs.push_back(v);
  }
  s.nodes.push_back(std::move(node));
  return id;
}

ValueId append_constant(Graph::Storage& s, Constant constant) {
  const ValueId id =
      append_value(s, constant.name, constant.is_recipe() ? lower(constant.op) : "const");
  constant.name = s.values[id.index].name;
  s.values[id.index].constant = ConstantId{static_cast<uint32_t>(s.constants.size())};
  s.constants.push_back(std::move(constant));
  return id;
}

void declare_symbols(Graph::Storage& s, const Shape& shape) {
  std::vector<std::string> names;
  for (const Dim& d : shape) d.collect_symbols(names);
  for (std::string& name : names) {
    const bool known = std::any_of(s.symbols.begin(), s.symbols.end(),
                                   [&](const Symbol& symbol) { return symbol.name == name; });
    if (known) continue;
    Symbol symbol;
    symbol.name = std::move(name);
    s.symbols.push_back(std::move(symbol));
  }
}

}  // namespace tenfold
