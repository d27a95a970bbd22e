// Pooling over all of the image, however it is spelt, is GlobalAveragePool or GlobalMaxPool;
// ceil_mode and count_include_pad that change nothing are left out.
#include <algorithm>

#include "src/pass/common.h"

namespace tenfold::passes {
namespace {

bool any_pad(const Attrs& attrs) {
  const std::vector<int64_t> pads = attrs.ints("pads");
  return std::any_of(pads.begin(), pads.end(), [](int64_t n) { return n != 0; });
}

// Whether the only window covers the whole input.
bool covers_all(const Graph& graph, const Node& node) {
  const Shape& x = graph.type(node.inputs[0]).shape;
  const Shape& y = graph.type(node.outputs[0]).shape;
  const std::vector<int64_t> kernel = node.attrs.ints("kernel"),
                             dilations = node.attrs.ints("dilations");
  std::vector<int64_t> pads = node.attrs.ints("pads");
  pads.resize(2 * kernel.size(), 0);
  for (size_t k = 0; k < kernel.size(); ++k) {
    const Dim& extent = x[2 + k];
    if (!extent.is_const() || !(y[2 + k] == Dim(1))) return false;
    if (!dilations.empty() && dilations[k] != 1) return false;
    if (kernel[k] - pads[k] < extent.value()) return false;
  }
  return true;
}

// Whether sizes rounded down are those of `node`, which rounds up.
bool same_rounded_down(const Graph& graph, const Node& node, const Attrs& floor) {
  const InferContext context{floor, {graph.type(node.inputs[0])}, {nullptr}, 1};
  try {
    return find_op(node.op)->infer(context).front() == graph.type(node.outputs[0]);
  } catch (const Error&) {
    return false;  // rounded down, a window larger than its input has no place
  }
}

void rewrite_window(const Graph& graph, Patch& patch, NodeId id) {
  const Node& node = graph.node(id);
  const bool average = node.op == "AveragePool";
  const bool counts_pads =
      average && node.attrs.i("count_include_pad", 0) != 0 && any_pad(node.attrs);
  if (!counts_pads && covers_all(graph, node)) {
    const std::string op = average ? "GlobalAveragePool" : "GlobalMaxPool";
    patch.replace(node.outputs[0], patch.add(op, {node.inputs[0]}, {}, node.name, node.sources));
    return;
  }
  Attrs attrs = node.attrs;
  if (!any_pad(attrs)) attrs.erase("count_include_pad");
  if (attrs.i("ceil_mode", 0) != 0) {
    Attrs floor = attrs;
    floor.erase("ceil_mode");
    if (same_rounded_down(graph, node, floor)) attrs = floor;
  }
  if (!(attrs == node.attrs)) patch.set_attrs(id, std::move(attrs));
}

void rewrite_reduction(const Graph& graph, Patch& patch, const Node& node) {
  const Type& x = graph.type(node.inputs[0]);
  const size_t rank = x.shape.size();
  const std::vector<int64_t> axes = node.attrs.ints("axes");
  if (rank < 3 || axes.size() != rank - 2 || !is_float(x.dtype)) return;
  for (size_t k = 0; k < axes.size(); ++k)
    if (axes[k] != static_cast<int64_t>(k) + 2) return;
  const bool keep = node.attrs.i("keepdims", 1) != 0;
  const std::string op = node.op == "ReduceMean" ? "GlobalAveragePool" : "GlobalMaxPool";
  ValueId y = patch.add(op, {node.inputs[0]}, {}, node.name, node.sources);
  if (!keep) {
    Shape pooled(rank, Dim(1));
    pooled[0] = x.shape[0];
    pooled[1] = x.shape[1];
    y = patch.add("Reshape", {y}, reshape_attrs(pooled, graph.type(node.outputs[0]).shape),
                  node.name + ".reshape", node.sources);
  }
  patch.replace(node.outputs[0], y);
}

}  // namespace

bool canonical_pooling(Graph& graph, const PassOptions&) {
  return rewrite_nodes(graph, [&](Patch& patch, NodeId id) {
    const Node& node = graph.node(id);
    if (node.op == "MaxPool" || node.op == "AveragePool") rewrite_window(graph, patch, id);
    if (node.op == "ReduceMean" || node.op == "ReduceMax") rewrite_reduction(graph, patch, node);
  });
}

}  // namespace tenfold::passes
