#include <unordered_set>

#include "src/ir/storage.h"

namespace tenfold {
namespace {

constexpr int kMaxBodies = 16;  // nesting of inner graphs

class Verifier {
 public:
  Verifier(const Graph& graph, int depth) : graph_(graph), s_(graph.storage()), depth_(depth) {}

  Diagnostics run() {
    constants();
    inputs();
    nodes();
    outputs();
    names();
    if (found_.error_count() == 0) symbols();
    return std::move(found_);
  }

 private:
  void defect(const std::string& where, const std::string& reason) {
    found_.error(Code::kInternal, where, reason);
  }
  bool exists(ValueId id) const { return id.index < s_.values.size() && s_.alive[id.index]; }

  void constants() {
    for (size_t k = 0; k < s_.constants.size(); ++k) {
      const Constant& c = s_.constants[k];
      for (ConstantId input : c.inputs)
        if (input.index >= k) defect(c.name, "a recipe uses a constant that comes after it");
      if (!is_const(c.type.shape)) defect(c.name, "a constant has symbolic dimensions");
      if (c.is_recipe() || !c.source.defined()) continue;
      if (c.source.dtype() != c.type.dtype || to_shape(c.source.dims()) != c.type.shape)
        defect(c.name, "a constant's bytes do not have its type");
    }
  }

  void inputs() {
    for (ValueId id : s_.inputs) {
      if (!exists(id) || !s_.values[id.index].is_input) {
        defect("", "an input of the graph is no input value");
        continue;
      }
      known_.insert(id.index);
    }
  }

  void nodes() {
    std::unordered_set<uint32_t> seen;
    for (NodeId id : s_.order) {
      if (id.index >= s_.nodes.size() || !seen.insert(id.index).second) {
        defect("", "the order names a node that is missing or listed twice");
        return;
      }
      node(id, s_.nodes[id.index]);
    }
  }

  void node(NodeId id, const Node& n) {
    std::vector<bool> absent;
    bool sound = !n.outputs.empty();
    if (!sound) defect(n.name, "a node without outputs");
    for (ValueId v : n.inputs) {
      absent.push_back(!v.valid());
      if (!v.valid()) continue;
      const bool defined =
          exists(v) && (known_.count(v.index) || s_.values[v.index].constant.valid());
      if (!defined) defect(n.name, "uses a value before it is made");
      if (defined && s_.values[v.index].constant.valid())
        constant_used(n, s_.values[v.index].constant);
      sound = sound && defined;
    }
    for (size_t k = 0; k < n.outputs.size(); ++k) {
      const ValueId v = n.outputs[k];
      const bool mine =
          exists(v) && s_.values[v.index].producer == id && s_.values[v.index].output == k;
      if (!mine) defect(n.name, "an output does not name this node as its producer");
      sound = sound && mine && known_.insert(v.index).second;
    }
    for (const auto& body : n.graphs) sound = sound_body(n, body.get()) && sound;
    if (!sound) return;
    try {
      const Op& def =
          check_schema(n.op, n.name, n.inputs.size(), static_cast<int>(n.outputs.size()), n.attrs,
                       absent, n.graphs.size());
      graph_.type(n.outputs.front());
      if (def.counts) counts(n, def);
    } catch (const Error& e) {
      found_.error(e.code(), n.name, e.what());
    }
  }

  bool sound_body(const Node& n, const Graph* body) {
    if (!body) defect(n.name, "a body graph is missing");
    if (body && depth_ >= kMaxBodies)
      found_.error(Code::kInvalid, n.name, "graphs are nested too deeply");
    if (!body || depth_ >= kMaxBodies) return false;
    const Diagnostics inner = Verifier(*body, depth_ + 1).run();
    for (const Diagnostic& d : inner.all())
      found_.error(d.code, n.name + ", body '" + body->name() + "': " + d.layer, d.reason);
    return inner.error_count() == 0;
  }

  // What a node counts is a declared symbol, and no other node's.
  void counts(const Node& n, const Op& def) {
    InferContext context{n.attrs, {}, {}, static_cast<int>(n.outputs.size()), bodies_of(n)};
    for (ValueId v : n.inputs) {
      context.inputs.push_back(v.valid() ? graph_.type(v)
                                         : Type{ValueKind::kTensor, DType::kUndefined, {}});
      const Constant* c = graph_.constant_of(v);
      context.constants.push_back(c ? &c->source : nullptr);
    }
    for (const Op::Count& count : def.counts(context)) {
      const Symbol* symbol = graph_.symbol(count.symbol);
      if (!symbol || !symbol->data_dependent)
        found_.error(Code::kInvalid, n.name, "its count '" + count.symbol + "' is not declared");
      if (!counted_.insert(count.symbol).second)
        found_.error(Code::kInvalid, n.name, "'" + count.symbol + "' is counted twice");
    }
  }

  void constant_used(const Node& n, ConstantId id) {
    if (id.index >= s_.constants.size()) {
      defect(n.name, "uses a constant that does not exist");
    } else if (!s_.constants[id.index].is_recipe() && !s_.constants[id.index].source.defined()) {
      defect(n.name, "uses a constant whose bytes were dropped");
    }
  }

  void outputs() {
    std::unordered_set<std::string> names;
    for (const GraphOutput& o : s_.outputs) {
      if (o.name.empty() || !names.insert(o.name).second)
        found_.error(Code::kInvalid, o.name, "an output's name is empty or given twice");
      if (!exists(o.value) ||
          !(known_.count(o.value.index) || s_.values[o.value.index].constant.valid()))
        defect(o.name, "an output of the graph is a value that nothing makes");
    }
    if (s_.outputs.empty()) found_.error(Code::kInvalid, s_.name, "the graph has no output");
  }

  void names() {
    std::unordered_set<std::string> values, nodes;
    for (size_t v = 0; v < s_.values.size(); ++v) {
      if (!s_.alive[v]) continue;
      const std::string& name = s_.values[v].name;
      if (name.empty() || !values.insert(name).second)
        defect(name, "a value's name is empty or taken");
    }
    for (NodeId id : s_.order) {
      const std::string& name = s_.nodes[id.index].name;
      if (name.empty() || !nodes.insert(name).second)
        defect(name, "a node's name is empty or taken");
    }
  }

  void symbols() {
    std::vector<std::string> used;
    for (ValueId id : s_.inputs)
      for (const Dim& d : graph_.type(id).shape) d.collect_symbols(used);
    for (const std::string& name : used)
      if (!graph_.symbol(name)) defect(name, "a symbol of an input's shape is not declared");
  }

  const Graph& graph_;
  const Graph::Storage& s_;
  Diagnostics found_;
  const int depth_;
  std::unordered_set<uint32_t> known_;        // values made so far
  std::unordered_set<std::string> counted_;  // symbols
};

}  // namespace

Diagnostics verify(const Graph& graph) { return Verifier(graph, 0).run(); }

}  // namespace tenfold
