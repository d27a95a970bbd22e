#include "src/ir/storage.h"

namespace tenfold {

GraphBuilder::GraphBuilder(std::string name) : graph_(std::make_unique<Graph>()) {
  graph_->storage().name = std::move(name);
}
GraphBuilder::~GraphBuilder() = default;

const Graph& GraphBuilder::graph() const { return *graph_; }
const Type& GraphBuilder::type(ValueId value) const { return graph_->type(value); }
void GraphBuilder::symbol(Symbol symbol) { graph_->set_symbol(std::move(symbol)); }

ValueId GraphBuilder::input(const std::string& name, DType dtype, Shape shape) {
  Graph::Storage& s = graph_->storage();
  if (name.empty()) throw Error(Code::kInvalid, "a graph input needs a name");
  if (s.value_names.count(name))
    throw Error(Code::kInvalid, "graph input '" + name + "': the name is taken");
  if (dtype == DType::kUndefined || dtype == DType::kTF32)
    throw Error(Code::kInvalid, "graph input '" + name + "': " + std::string(to_string(dtype)) +
                                    " is no type of values");
  for (const Dim& d : shape)
    if (d.is_const() && d.value() < 0)
      throw Error(Code::kInvalid, "graph input '" + name + "': negative dimension");
  declare_symbols(s, shape);
  const ValueId id = append_value(s, name, name);
  s.values[id.index].is_input = true;
  s.values[id.index].declared = Type{ValueKind::kTensor, dtype, std::move(shape)};
  s.inputs.push_back(id);
  return id;
}

ValueId GraphBuilder::constant(const std::string& name, Tensor value) {
  if (!value.defined()) throw Error(Code::kInvalid, "constant '" + name + "' has no value");
  Constant c;
  c.name = name;
  c.type = Type{ValueKind::kTensor, value.dtype(), to_shape(value.dims())};
  c.source = std::move(value);
  return append_constant(graph_->storage(), std::move(c));
}

ValueId GraphBuilder::node(const std::string& op, std::vector<ValueId> inputs, Attrs attrs,
                           const std::string& name, std::vector<std::string> sources) {
  return nodes(op, std::move(inputs), 1, std::move(attrs), name, std::move(sources)).front();
}

std::vector<ValueId> GraphBuilder::nodes(const std::string& op, std::vector<ValueId> inputs,
                                         int outputs, Attrs attrs, const std::string& name,
                                         std::vector<std::string> sources) {
  return flow(op, std::move(inputs), {}, outputs, std::move(attrs), name, std::move(sources));
}

std::vector<ValueId> GraphBuilder::flow(const std::string& op, std::vector<ValueId> inputs,
                                        std::vector<std::shared_ptr<const Graph>> graphs,
                                        int outputs, Attrs attrs, const std::string& name,
                                        std::vector<std::string> sources) {
  Graph::Storage& s = graph_->storage();
  while (!inputs.empty() && !inputs.back().valid()) inputs.pop_back();
  std::vector<bool> absent;
  for (ValueId v : inputs) {
    absent.push_back(!v.valid());
    if (v.valid() && v.index >= s.values.size())
      throw Error(Code::kInternal,
                  "node '" + name + "' (" + op + "): an input is not of this graph");
  }
  if (outputs < 1) throw Error(Code::kInvalid, "node '" + name + "' (" + op + "): has no output");
  for (const auto& g : graphs)
    if (!g) throw Error(Code::kInvalid, "node '" + name + "' (" + op + "): a body is missing");
  const Op& def = check_schema(op, name, inputs.size(), outputs, attrs, absent, graphs.size());
  InferContext context{attrs, {}, {}, outputs, {}};
  for (const auto& g : graphs) context.graphs.push_back(g.get());
  for (ValueId v : inputs) {
    context.inputs.push_back(v.valid() ? graph_->type(v)
                                       : Type{ValueKind::kTensor, DType::kUndefined, {}});
    const Constant* c = graph_->constant_of(v);
    context.constants.push_back(c ? &c->source : nullptr);
  }
  std::vector<Type> types = infer_node(def, name, context);
  if (def.counts) declare_counts(s, name, def.counts(context));
  Node node;
  node.op = op;
  node.inputs = std::move(inputs);
  node.attrs = std::move(attrs);
  node.sources = std::move(sources);
  node.graphs = std::move(graphs);
  const NodeId id = append_node(s, std::move(node), outputs, name);
  if (s.nodes[id.index].sources.empty())
    s.nodes[id.index].sources.push_back(name.empty() ? s.nodes[id.index].name : name);
  s.types.resize(s.values.size());
  const std::vector<ValueId>& made = s.nodes[id.index].outputs;
  for (size_t k = 0; k < made.size(); ++k) s.types[made[k].index] = std::move(types[k]);
  s.order.push_back(id);
  return made;
}

void GraphBuilder::name_value(ValueId value, const std::string& name) {
  Graph::Storage& s = graph_->storage();
  if (value.index >= s.values.size()) throw Error(Code::kInternal, "name_value: no such value");
  if (name.empty()) throw Error(Code::kInvalid, "a value's name must not be empty");
  Value& v = s.values[value.index];
  if (v.name == name) return;
  const auto holder = s.value_names.find(name);
  if (holder != s.value_names.end()) {  // the name passes on
    Value& other = s.values[holder->second];
    if (other.is_input) throw Error(Code::kInvalid, "the name '" + name + "' is a graph input's");
    other.name = unique_name(s, s.value_names, name);
    s.value_names[other.name] = holder->second;
  }
  s.value_names.erase(v.name);
  v.name = name;
  s.value_names[name] = value.index;
}

void GraphBuilder::output(ValueId value, const std::string& name) {
  Graph::Storage& s = graph_->storage();
  if (value.index >= s.values.size()) throw Error(Code::kInternal, "output: no such value");
  for (const GraphOutput& o : s.outputs)
    if (o.name == name) throw Error(Code::kInvalid, "graph output '" + name + "' is given twice");
  s.outputs.push_back({value, name.empty() ? s.values[value.index].name : name});
  s.links.reset();
}

Graph GraphBuilder::finish() {
  const Diagnostics problems = verify(*graph_);
  problems.throw_if_errors("graph '" + graph_->name() + "' is not sound");
  Graph done = std::move(*graph_);
  graph_ = std::make_unique<Graph>();
  graph_->storage().name = done.name();
  return done;
}

}  // namespace tenfold
