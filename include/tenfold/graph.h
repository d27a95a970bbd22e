// The Graph: what a network computes. Nodes and SSA values in topological order; no machine in
// sight.
#pragma once

#include <functional>
#include <optional>

#include "tenfold/diag.h"
#include "tenfold/expr.h"
#include "tenfold/tensor.h"

namespace tenfold {

struct ValueId {
  uint32_t index = UINT32_MAX;
  bool valid() const { return index != UINT32_MAX; }
  auto operator<=>(const ValueId&) const = default;
};
struct NodeId {
  uint32_t index = UINT32_MAX;
  bool valid() const { return index != UINT32_MAX; }
  auto operator<=>(const NodeId&) const = default;
};
struct ConstantId {
  uint32_t index = UINT32_MAX;
  bool valid() const { return index != UINT32_MAX; }
  auto operator<=>(const ConstantId&) const = default;
};
inline constexpr ValueId kNoValue{};  // an absent optional input

class Graph;

// An application of an op. `sources` are the names of the model's layers that it came from.
struct Node {
  std::string op;
  std::string name;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
  Attrs attrs;
  std::vector<std::string> sources;
  std::vector<std::shared_ptr<const Graph>> graphs;  // bodies of loops and conditions
};

// A constant is a source (bytes as the model stored them) or a recipe: an op over other constants,
// evaluated only when its value is asked for.
struct Constant {
  std::string name;
  Type type;                       // dims are numbers
  Tensor source;                   // defined for sources
  std::string op;                  // non-empty for recipes
  Attrs attrs;
  std::vector<ConstantId> inputs;  // of recipes
  bool is_recipe() const { return !op.empty(); }
};

// A value. `permitted` is the set of types it may be stored in, among those that a build permits
// (CompileOptions); empty: all of these. A set of its dtype alone pins it.
struct Value {
  std::string name;
  NodeId producer;       // invalid for inputs and constants
  uint32_t output = 0;   // which output of the producer
  ConstantId constant;   // valid for constants
  bool is_input = false;
  TypeSet permitted;
  Type declared;         // of inputs; node outputs are inferred
};

struct GraphOutput {
  ValueId value;
  std::string name;
};

// Edits of a graph, gathered and applied at once. A patch only adds nodes and redirects uses; what
// becomes unused is removed by dead_code. Values returned are valid in the graph after apply().
class Patch {
 public:
  explicit Patch(const Graph& graph) : graph_(&graph) {}
  ValueId add(const std::string& op, std::vector<ValueId> inputs, Attrs attrs = {},
              const std::string& name = {}, std::vector<std::string> sources = {});
  std::vector<ValueId> add_multi(const std::string& op, std::vector<ValueId> inputs, int outputs,
                                 Attrs attrs = {}, const std::string& name = {},
                                 std::vector<std::string> sources = {});
  ValueId constant(const std::string& name, Tensor value);
  // A constant computed from constants: composes recipes, stores nothing.
  ValueId recipe(const std::string& op, std::vector<ValueId> constants, Attrs attrs = {},
                 const std::string& name = {});
  void replace(ValueId old_value, ValueId by);         // all uses, graph outputs included
  void set_inputs(NodeId node, std::vector<ValueId> inputs);
  void set_attrs(NodeId node, Attrs attrs);
  void set_graphs(NodeId node, std::vector<std::shared_ptr<const Graph>> graphs);
  void set_sources(NodeId node, std::vector<std::string> sources);
  bool empty() const;

  struct Data;  // src/ir/patch.cpp
 private:
  friend class Graph;
  Data& data();
  const Graph* graph_;
  std::shared_ptr<Data> data_;
};

// Immutable but through apply(). Copy is a deep copy of nodes; constants' bytes are shared.
class Graph {
 public:
  Graph();
  const std::string& name() const;
  const std::vector<Symbol>& symbols() const;
  const Symbol* symbol(std::string_view name) const;
  const std::vector<ValueId>& inputs() const;
  const std::vector<GraphOutput>& outputs() const;
  const std::vector<NodeId>& order() const;            // topological
  const Node& node(NodeId id) const;
  const Value& value(ValueId id) const;
  const Constant& constant(ConstantId id) const;
  uint32_t value_count() const;
  uint32_t constant_count() const;
  // The type of a value: declared, the constant's, or inferred; memoized until the next apply().
  // Error{kInvalid} names node and reason.
  const Type& type(ValueId id) const;
  // nullptr unless the value is a constant source (recipes are not evaluated here).
  const Constant* constant_of(ValueId id) const;
  std::vector<NodeId> uses(ValueId id) const;          // memoized until the next apply()
  bool is_output(ValueId id) const;                    // memoized, as uses
  uint32_t position(NodeId id) const;                  // in order(); memoized, as uses
  std::optional<ValueId> find_value(std::string_view name) const;

  void apply(Patch&& patch);                           // Error{kInternal} on a cycle
  void set_symbol(Symbol symbol);                      // range and tuning size of a symbol
  void set_permitted(ValueId id, TypeSet types);
  // Removes nodes and constants that no output needs (inputs stay). Returns how many nodes went.
  int remove_unused();

  struct Storage;  // src/ir/storage.h
  Storage& storage() { return *storage_; }             // for src/ir only
  const Storage& storage() const { return *storage_; }
  Graph(const Graph&);
  Graph(Graph&&) noexcept;
  Graph& operator=(const Graph&);
  Graph& operator=(Graph&&) noexcept;
  ~Graph();

 private:
  std::unique_ptr<Storage> storage_;
};

// Builds a Graph front to back; checks schema and infers types at every call.
//   GraphBuilder b("net");  auto x = b.input("data", DType::kF32, {Dim::symbol("N"), 1, 28, 28});
//   b.output(b.node("Relu", {x}), "y");  Graph g = b.finish();
class GraphBuilder {
 public:
  explicit GraphBuilder(std::string name);
  ~GraphBuilder();
  ValueId input(const std::string& name, DType dtype, Shape shape);
  ValueId constant(const std::string& name, Tensor value);
  // First output of a new node. Error{kInvalid or kUnsupported} names node, op and reason.
  ValueId node(const std::string& op, std::vector<ValueId> inputs, Attrs attrs = {},
               const std::string& name = {}, std::vector<std::string> sources = {});
  std::vector<ValueId> nodes(const std::string& op, std::vector<ValueId> inputs, int outputs,
                             Attrs attrs = {}, const std::string& name = {},
                             std::vector<std::string> sources = {});
  // As nodes(), of an op with inner graphs: If, Loop. What a body reads are its own inputs, which
  // the node's inputs are given to.
  std::vector<ValueId> flow(const std::string& op, std::vector<ValueId> inputs,
                            std::vector<std::shared_ptr<const Graph>> graphs, int outputs,
                            Attrs attrs = {}, const std::string& name = {},
                            std::vector<std::string> sources = {});
  void name_value(ValueId value, const std::string& name);
  void output(ValueId value, const std::string& name);
  void symbol(Symbol symbol);  // declare or replace
  const Type& type(ValueId value) const;
  const Graph& graph() const;  // as built so far
  Graph finish();  // verified

 private:
  std::unique_ptr<Graph> graph_;
};

// The text form, printed and parsed; parse(print(g)) prints the same. Constants up to
// `inline_elements` are printed in full; larger ones as `random(seed)` stand-ins on request of
// tests or `hash(...)`, which parse resolves through `resolve` (Error{kNotFound} without it).
std::string print(const Graph& graph, int64_t inline_elements = 16);
using ConstantResolver = std::function<Tensor(const std::string& name, const Type& type)>;
Graph parse_graph(std::string_view text, const ConstantResolver& resolve = {});
// Every broken invariant: order, arity, types, dangling ids, duplicate names.
Diagnostics verify(const Graph& graph);

// What an op is: its schema, its shape rule and its doc. One file per op in src/op/.
struct InferContext {
  const Attrs& attrs;
  std::vector<Type> inputs;  // kUndefined dtype for absent optional inputs
  std::vector<const Tensor*> constants;  // per input: its value when a constant source, else null
  int outputs = 1;
  std::vector<const Graph*> graphs = {};  // bodies, none of them null
};
struct Op {
  struct Slot {
    std::string name;
    bool optional = false;
    bool variadic = false;
  };
  struct AttrSlot {
    std::string name;
    std::string kind;
    bool required = false;
  };  // i f s ints floats strings
  std::string name;
  std::string doc;
  std::vector<Slot> inputs;
  std::vector<Slot> outputs;
  std::vector<AttrSlot> attrs;
  // Types of the outputs; Error{kInvalid} with the reason when inputs do not fit.
  std::function<std::vector<Type>(const InferContext&)> infer;
  // The attributes as rows see them: defaults filled in, axes counted from the front. Null: as the
  // node has them.
  std::function<Attrs(Attrs, const std::vector<Shape>& inputs)> complete;
  // For pointwise ops: appends the op to an Expr and returns the register of its result. `regs` are
  // the registers of the inputs. Null for all other ops.
  std::function<int(Expr&, const Attrs&, const std::vector<int>& regs)> expr;
  int graphs = 0;  // how many bodies it has
  // Of ops whose result has a dim that only a run knows: the symbol of that dim, what it cannot
  // exceed, and which output (i64[]) holds it, -1: none. Null for all other ops.
  struct Count {
    std::string symbol;
    Dim bound;
    int output = -1;
  };
  std::function<std::vector<Count>(const InferContext&)> counts;
};
const Op* find_op(std::string_view name);  // nullptr if unknown
std::vector<std::string> op_names();
void register_op(Op def);  // plugins; replaces nothing built in

// Runs the canonicalizing passes of src/pass/pipeline.def in their order. `stop_after` names a
// pass.
struct PassOptions {
  std::string stop_after;
  int64_t fold_budget_bytes = int64_t{64} << 20;  // largest constant that folding may create
  std::function<void(std::string_view pass, const Graph&)> after_each;
  bool verify = false;
};
void canonicalize(Graph& graph, const PassOptions& options = {});
std::vector<std::string> pass_names();
void run_pass(Graph& graph, std::string_view name, const PassOptions& options = {});

}  // namespace tenfold
