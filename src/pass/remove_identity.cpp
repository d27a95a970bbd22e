// Drops nodes whose output is their input, and biases that are zero.
#include <algorithm>
#include <map>
#include <set>

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
  if (op == "Expand" || op == "Cast") return 0;
  if (op == "Resize") {  // [4] scaled by 1.2 is [4], of other values
    const std::vector<double> scales = attrs.floats("scales");
    return std::all_of(scales.begin(), scales.end(), [](double s) { return s == 1; }) ? 0 : -1;
  }
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

class Remover {
 public:
  explicit Remover(Graph& graph) : graph_(graph), patch_(graph) {}

  bool run() {
    for (NodeId id : graph_.order()) node(id);
    if (patch_.empty()) return false;
    commit(graph_, std::move(patch_));
    return true;
  }

 private:
  void node(NodeId id) {
    const Node& node = graph_.node(id);
    zero_bias(id, node);
    if (node.inputs.empty()) return;
    const int k = passed_input(graph_, node);
    if (k < 0) return;
    const ValueId to = node.outputs[0], from = now(node.inputs[static_cast<size_t>(k)]);
    if (!(graph_.type(from) == graph_.type(to))) return;
    if (graph_.is_output(to)) {  // outputs stay values that a node makes, each its own
      const bool free = graph_.value(from).producer.valid() && !graph_.is_output(from);
      if (!free || !outputs_.insert(from).second) return;
    }
    by_[to] = from;
    patch_.replace(to, from);
  }

  void zero_bias(NodeId id, const Node& node) {
    if (node.op != "Conv" && node.op != "ConvTranspose" && node.op != "Gemm") return;
    if (node.inputs.size() == 3 && uniform_value(graph_, node.inputs[2]) == 0)
      patch_.set_inputs(id, {node.inputs[0], node.inputs[1]});
  }

  ValueId now(ValueId v) const {
    const auto it = by_.find(v);
    return it == by_.end() ? v : it->second;
  }

  Graph& graph_;
  Patch patch_;
  std::map<ValueId, ValueId> by_;  // always the value that stands at the end
  std::set<ValueId> outputs_;      // values that outputs of the graph were redirected to
};

}  // namespace

bool remove_identity(Graph& graph, const PassOptions&) { return Remover(graph).run(); }

}  // namespace tenfold::passes
