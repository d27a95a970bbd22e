// A constant Pad of spatial axes before a convolution or pooling moves into its `pads`, where the
// value is what that op pads with.
#include <algorithm>
#include <limits>

#include "src/pass/common.h"

namespace tenfold::passes {
namespace {

// Attributes of `node` with the Pad's numbers added; none if it cannot take them.
std::optional<Attrs> with_pads(const Node& node, const Attrs& pad, size_t rank) {
  const std::vector<int64_t> around = pad.ints("pads");
  if (pad.s("mode", "constant") != "constant" || around.size() != 2 * rank || rank < 3)
    return std::nullopt;
  if (std::any_of(around.begin(), around.end(), [](int64_t n) { return n < 0; }))
    return std::nullopt;
  for (size_t k : {size_t{0}, size_t{1}})
    if (around[k] != 0 || around[rank + k] != 0) return std::nullopt;
  Attrs attrs = node.attrs;
  const size_t spatial = rank - 2;
  std::vector<int64_t> pads = attrs.ints("pads");
  pads.resize(2 * spatial, 0);
  const bool padded = std::any_of(pads.begin(), pads.end(), [](int64_t n) { return n != 0; });
  for (size_t k = 0; k < spatial; ++k) {
    pads[k] += around[2 + k];
    pads[spatial + k] += around[rank + 2 + k];
    if (std::max(pads[k], pads[spatial + k]) > INT32_MAX) return std::nullopt;
  }
  const double value = pad.f("value", 0);
  if (node.op == "MaxPool") {
    if (!(value <= std::numeric_limits<float>::lowest())) return std::nullopt;
  } else if (value != 0) {
    return std::nullopt;
  }
  if (node.op == "AveragePool") {  // what was input counts
    if (padded && attrs.i("count_include_pad", 0) == 0) return std::nullopt;
    attrs.set("count_include_pad", int64_t{1});
  }
  attrs.set("pads", std::move(pads));
  return attrs;
}

bool same_output(const Graph& graph, const Node& node, const Attrs& attrs, const Type& x) {
  InferContext context{attrs, {x}, {nullptr}, 1};
  for (size_t k = 1; k < node.inputs.size(); ++k) {
    context.inputs.push_back(graph.type(node.inputs[k]));
    context.constants.push_back(nullptr);
  }
  return find_op(node.op)->infer(context).front() == graph.type(node.outputs[0]);
}

}  // namespace

bool canonical_padding(Graph& graph, const PassOptions&) {
  return rewrite_nodes(graph, [&](Patch& patch, NodeId id) {
    const Node& node = graph.node(id);
    if (node.op != "Conv" && node.op != "MaxPool" && node.op != "AveragePool") return;
    const Node* pad = producer_of(graph, node.inputs[0], "Pad");
    if (!pad) return;
    const Type& x = graph.type(pad->inputs[0]);
    std::optional<Attrs> attrs = with_pads(node, pad->attrs, x.shape.size());
    if (!attrs || !same_output(graph, node, *attrs, x)) return;
    std::vector<ValueId> inputs = node.inputs;
    inputs[0] = pad->inputs[0];
    patch.set_inputs(id, std::move(inputs));
    patch.set_attrs(id, std::move(*attrs));
    patch.set_sources(id, merge(pad->sources, node.sources));
  });
}

}  // namespace tenfold::passes
