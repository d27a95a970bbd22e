// One spelling of what pointwise ops say in several: n-ary Sum, Max and Min become chains of two,
// constants stand second, Relu6 is a Clip, Clip from 0 a Relu, small powers are products or roots.
#include "src/pass/common.h"

namespace tenfold::passes {
namespace {

// Replaces the node by `op`.
bool respell(Patch& patch, const Node& node, const std::string& op, std::vector<ValueId> inputs,
             Attrs attrs = {}) {
  patch.replace(node.outputs[0],
                patch.add(op, std::move(inputs), std::move(attrs), node.name, node.sources));
  return true;
}

bool chain(Patch& patch, const Node& node) {
  const std::string op = node.op == "Sum" ? "Add" : node.op;
  if (node.inputs.size() < 2 || (node.inputs.size() == 2 && op == node.op)) return false;
  ValueId left = node.inputs[0];
  for (size_t k = 1; k < node.inputs.size(); ++k) {
    const bool last = k + 1 == node.inputs.size();
    const std::string name = last ? node.name : node.name + ".sum" + std::to_string(k);
    left = patch.add(op, {left, node.inputs[k]}, {}, name, node.sources);
  }
  patch.replace(node.outputs[0], left);
  return true;
}

bool constant_second(const Graph& graph, Patch& patch, NodeId id, const Node& node) {
  if (node.inputs.size() != 2 || !is_constant(graph, node.inputs[0]) ||
      is_constant(graph, node.inputs[1]))
    return false;
  patch.set_inputs(id, {node.inputs[1], node.inputs[0]});
  return true;
}

bool clip(Patch& patch, const Node& node) {
  const bool relu = node.attrs.has("min") && !node.attrs.has("max") && node.attrs.f("min", 0) == 0;
  return relu && respell(patch, node, "Relu", {node.inputs[0]});
}

bool power(const Graph& graph, Patch& patch, const Node& node) {
  const ValueId x = node.inputs[0];
  const std::optional<double> p = uniform_value(graph, node.inputs[1]);
  if (!p || !is_float(graph.type(x).dtype)) return false;
  // A larger exponent would broadcast x.
  if (!(graph.type(node.outputs[0]) == graph.type(x))) return false;
  if (*p == 2) return respell(patch, node, "Mul", {x, x});
  if (*p == 0.5) return respell(patch, node, "Sqrt", {x});
  if (*p == -1) return respell(patch, node, "Reciprocal", {x});
  return false;
}

bool prelu(const Graph& graph, Patch& patch, const Node& node) {
  const std::optional<double> slope = uniform_value(graph, node.inputs[1]);
  return slope && respell(patch, node, "LeakyRelu", {node.inputs[0]}, {{"alpha", *slope}});
}

void rewrite(const Graph& graph, Patch& patch, NodeId id) {
  const Node& node = graph.node(id);
  const std::string& op = node.op;
  if (op == "Sum" || op == "Max" || op == "Min") {
    if (!chain(patch, node) && node.inputs.size() == 2) constant_second(graph, patch, id, node);
  } else if (op == "Add" || op == "Mul") {
    constant_second(graph, patch, id, node);
  } else if (op == "Relu6") {
    respell(patch, node, "Clip", node.inputs, {{"min", 0.0}, {"max", 6.0}});
  } else if (op == "Clip") {
    clip(patch, node);
  } else if (op == "Pow") {
    power(graph, patch, node);
  } else if (op == "PRelu") {
    prelu(graph, patch, node);
  } else if (op == "LeakyRelu" && node.attrs.f("alpha", 0.01) == 0) {
    respell(patch, node, "Relu", node.inputs);
  }
}

}  // namespace

bool canonical_pointwise(Graph& graph, const PassOptions&) {
  return rewrite_nodes(graph, [&](Patch& patch, NodeId id) { rewrite(graph, patch, id); });
}

}  // namespace tenfold::passes
