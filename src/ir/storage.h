// How a Graph is stored. Only src/ir looks in here.
#pragma once

#include <optional>
#include <unordered_map>

#include "tenfold/graph.h"

namespace tenfold {

// Ids index the vectors and stay valid for the graph's life: what remove_unused() drops leaves a
// hole (`alive` false). The memos are filled by const calls, so a Graph serves one thread at a
// time.
struct Graph::Storage {
  std::string name;
  std::vector<Symbol> symbols;
  std::vector<Node> nodes;
  std::vector<Value> values;
  std::vector<Constant> constants;
  std::vector<uint8_t> alive;  // per value
  std::vector<ValueId> inputs;
  std::vector<GraphOutput> outputs;
  std::vector<NodeId> order;
  std::unordered_map<std::string, uint32_t> suffixes;  // last one given to a name that was taken

  // Live values and nodes by name.
  std::unordered_map<std::string, uint32_t> value_names;
  std::unordered_map<std::string, uint32_t> node_names;

  // Who reads what, and when.
  struct Links {
    std::vector<std::vector<NodeId>> users;  // per value
    std::vector<uint8_t> is_output;          // per value
    std::vector<uint32_t> position;          // per node, in the order
  };
  const Links& linked() const;  // memoized until `links` is reset

  mutable std::vector<std::optional<Type>> types;  // per value
  mutable std::optional<Links> links;
};

// Appends a value under a name made unique; `name` empty: one is made up from `stem`.
ValueId append_value(Graph::Storage& s, const std::string& name, const std::string& stem);
// `wanted` if free, else with a suffix that makes it so.
std::string unique_name(Graph::Storage& s, const std::unordered_map<std::string, uint32_t>& taken,
                        const std::string& wanted);
// Appends a node and its output values (not to the order).
NodeId append_node(Graph::Storage& s, Node node, int outputs, const std::string& name);
ValueId append_constant(Graph::Storage& s, Constant constant);
// Adds symbols of `shape` that are unknown, with default ranges.
void declare_symbols(Graph::Storage& s, const Shape& shape);

// Checks arity, attribute names and kinds of an application of an op. Error{kInvalid,
// kUnsupported}.
const Op& check_schema(const std::string& op, const std::string& name, size_t inputs, int outputs,
                       const Attrs& attrs, const std::vector<bool>& absent, size_t graphs = 0);
// Types of a node's outputs; errors are prefixed with node and op.
std::vector<Type> infer_node(const Op& def, const std::string& name, const InferContext& context);

// Declares the symbols that an op counts: bounded by the largest sizes of those known, counted at
// run time. Error{kInvalid} when a symbol is taken by something that is not counted.
void declare_counts(Graph::Storage& s, const std::string& name,
                    const std::vector<Op::Count>& counts);
std::vector<const Graph*> bodies_of(const Node& node);

// A name as the text form spells it: bare where that is unambiguous, else quoted.
std::string quote_name(const std::string& name);
// A constant's bytes as text: "[1, 2.5]", shortest digits that read back to the same bytes.
std::string print_elements(const Tensor& tensor);
// Types whose elements the text form can spell.
bool can_print_elements(DType type);
inline bool is_complex(DType type) { return type == DType::kC64 || type == DType::kC128; }
// The same bytes as numbers: of complex elements the real and imaginary parts in turn.
Tensor parts_of(const Tensor& tensor);
uint64_t tensor_hash(const Tensor& tensor);

}  // namespace tenfold
