// Axes count from the front, lists of axes ascend, and attributes that say nothing are left out.
#include <algorithm>

#include "src/pass/common.h"

namespace tenfold::passes {
namespace {

constexpr std::string_view kOneAxis[] = {"Softmax", "LogSoftmax", "ArgMax",
                                         "ArgMin",  "TopK",       "Concat",
                                         "Split",   "Gather",     "LayerNormalization"};
constexpr std::string_view kReductions = "Reduce";  // the prefix of their names

bool in(std::string_view op, const auto& list) {
  return std::find(std::begin(list), std::end(list), op) != std::end(list);
}

int64_t default_axis(std::string_view op) {
  const bool front = op == "ArgMax" || op == "ArgMin" || op == "Split" || op == "Gather";
  return front ? 0 : -1;
}

Attrs spelt(const Graph& graph, const Node& node) {
  Attrs attrs = node.attrs;
  const int64_t rank = static_cast<int64_t>(graph.type(node.inputs[0]).shape.size());
  if (in(node.op, kOneAxis)) {
    const int64_t axis = attrs.i("axis", default_axis(node.op));
    attrs.set("axis", axis < 0 ? axis + rank : axis);
  } else if (node.op.rfind(kReductions, 0) == 0) {
    std::vector<int64_t> axes = attrs.ints("axes");
    for (int64_t& a : axes) a = a < 0 ? a + rank : a;
    if (axes.empty())
      for (int64_t a = 0; a < rank; ++a) axes.push_back(a);
    std::sort(axes.begin(), axes.end());
    attrs.set("axes", std::move(axes));
  } else if (node.op == "Transpose" && !attrs.has("perm")) {
    std::vector<int64_t> perm;
    for (int64_t a = rank; a-- > 0;) perm.push_back(a);
    attrs.set("perm", std::move(perm));
  }
  return attrs;
}

}  // namespace

bool canonical_axes(Graph& graph, const PassOptions&) {
  Patch patch(graph);
  for (NodeId id : graph.order()) {
    const Node& node = graph.node(id);
    if (node.inputs.empty() || !node.inputs[0].valid()) continue;
    Attrs attrs = spelt(graph, node);
    if (!(attrs == node.attrs)) patch.set_attrs(id, std::move(attrs));
  }
  if (patch.empty()) return false;
  graph.apply(std::move(patch));
  return true;
}

}  // namespace tenfold::passes
