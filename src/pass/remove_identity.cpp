// Drops nodes whose output is their input, and biases that are zero.
#include <algorithm>

#include "src/pass/common.h"

namespace tenfold::passes {
namespace {

bool all_equal(const std::vector<int64_t>& list, int64_t value) {
  return std::all_of(list.begin(), list.end(), [&](int64_t n) { return n == value; });
}

bool ascending(const std::vector<int64_t>& perm) {
  return !perm.empty() && std::is_sorted(perm.begin(), perm.end());
}

// Which operand of a binary node passes through; -1: none does.
int neutral_operand(const Graph& graph, const Node& node) {
  const std::optional<double> a = uniform_value(graph, node.inputs[0]),
                              b = uniform_value(graph, node.inputs[1]);
  const double neutral = node.op == "Add" || node.op == "Sub" ? 0 : 1;
  if (b == neutral) return 0;
  const bool commutes = node.op == "Add" || node.op == "Mul";
  return commutes && a == neutral ? 1 : -1;
}

// The input that the first output equals whatever the data, or -1. Types are compared by the
// caller.
int passed_input(const Graph& graph, const Node& node) {
  const std::string& op = node.op;
  const Attrs& attrs = node.attrs;
  if (op == "Identity" || op == "Dropout") return 0;
  if (op == "Reshape" || op == "Flatten" || op == "Squeeze" || op == "Unsqueeze") return 0;
  if (op == "Expand" || op == "Cast" || op == "Resize") return 0;
  if (op == "Transpose") return ascending(attrs.ints("perm")) ? 0 : -1;
  if (op == "Tile") return all_equal(attrs.ints("repeats"), 1) ? 0 : -1;
  if (op == "Pad") return all_equal(attrs.ints("pads"), 0) ? 0 : -1;
  if (op == "Slice") return all_equal(attrs.ints("steps"), 1) ? 0 : -1;
  if (op == "Clip") return !attrs.has("min") && !attrs.has("max") ? 0 : -1;
  if (op == "Concat" || op == "Sum" || op == "Max" || op == "Min")
    return node.inputs.size() == 1 ? 0 : -1;
  if (op == "Split") return node.outputs.size() == 1 ? 0 : -1;
  if (op == "Add" || op == "Sub" || op == "Mul" || op == "Div" || op == "Pow")
    return neutral_operand(graph, node);
  if (op == "MaxPool" || op == "AveragePool")
    return all_equal(attrs.ints("kernel"), 1) && all_equal(attrs.ints("strides"), 1) &&
                   all_equal(attrs.ints("pads"), 0)
               ? 0
               : -1;
  // The same bound twice.
  if (op == "Relu") return producer_of(graph, node.inputs[0], "Relu") ? 0 : -1;
  return -1;
}

bool drop_zero_bias(Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  if (node.op != "Conv" && node.op != "ConvTranspose" && node.op != "Gemm") return false;
  if (node.inputs.size() != 3 || uniform_value(graph, node.inputs[2]) != 0) return false;
  Patch patch(graph);
  patch.set_inputs(id, {node.inputs[0], node.inputs[1]});
  commit(graph, std::move(patch));
  return true;
}

}  // namespace

bool remove_identity(Graph& graph, const PassOptions&) {
  return for_each_node(graph, [&](NodeId id) {
    if (drop_zero_bias(graph, id)) return true;
    const Node& node = graph.node(id);
    if (node.inputs.empty()) return false;
    const int k = passed_input(graph, node);
    if (k < 0) return false;
    const ValueId from = node.inputs[static_cast<size_t>(k)], to = node.outputs[0];
    if (!(graph.type(from) == graph.type(to)) || !may_replace(graph, to, from)) return false;
    Patch patch(graph);
    patch.replace(to, from);
    commit(graph, std::move(patch));
    return true;
  });
}

}  // namespace tenfold::passes
