// Concat and Split of any number of operands become trees of such with at most kMostOperands each:
// what one kernel can be given.
#include <algorithm>

#include "src/pass/common.h"

namespace tenfold::passes {
namespace {

constexpr size_t kMostOperands = 64;

// Where each of as few equal groups as can be begins, and the end behind the last.
std::vector<size_t> groups_of(size_t count) {
  const size_t groups = std::min(kMostOperands, (count + kMostOperands - 1) / kMostOperands);
  std::vector<size_t> begins;
  for (size_t k = 0; k <= groups; ++k) begins.push_back(count * k / groups);
  return begins;
}

ValueId join(Patch& patch, const Node& node, std::vector<ValueId> parts, const std::string& name) {
  if (parts.size() > kMostOperands) {
    const std::vector<size_t> begins = groups_of(parts.size());
    std::vector<ValueId> joined;
    for (size_t k = 0; k + 1 < begins.size(); ++k) {
      const auto at = [&](size_t i) { return parts.begin() + static_cast<int64_t>(i); };
      joined.push_back(join(patch, node, {at(begins[k]), at(begins[k + 1])}, ""));
    }
    parts = std::move(joined);
  }
  return patch.add("Concat", parts, node.attrs, name, node.sources);
}

// Cuts a value into pieces of these sizes: pieces[first], pieces[first + 1], ...
void cut(Patch& patch, const Node& node, ValueId from, const std::vector<int64_t>& sizes,
         size_t first, std::vector<ValueId>& pieces) {
  const bool leaf = sizes.size() <= kMostOperands;
  const std::vector<size_t> begins = leaf ? std::vector<size_t>{} : groups_of(sizes.size());
  std::vector<int64_t> split = leaf ? sizes : std::vector<int64_t>{};
  for (size_t k = 0; k + 1 < begins.size(); ++k) {
    split.push_back(0);
    for (size_t i = begins[k]; i < begins[k + 1]; ++i) split.back() += sizes[i];
  }
  Attrs attrs = node.attrs;
  attrs.set("split", split);
  const std::vector<ValueId> made =
      patch.add_multi("Split", {from}, static_cast<int>(split.size()), attrs, "", node.sources);
  if (leaf) {
    std::copy(made.begin(), made.end(), pieces.begin() + static_cast<int64_t>(first));
    return;
  }
  for (size_t k = 0; k < made.size(); ++k) {
    const auto at = [&](size_t i) { return sizes.begin() + static_cast<int64_t>(i); };
    cut(patch, node, made[k], {at(begins[k]), at(begins[k + 1])}, first + begins[k], pieces);
  }
}

void rewrite_split(const Graph& graph, Patch& patch, const Node& node) {
  const size_t rank = graph.type(node.inputs[0]).shape.size();
  const int64_t axis = node.attrs.i("axis", 0);
  const size_t along = static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(rank) : axis);
  std::vector<int64_t> sizes;
  for (const ValueId output : node.outputs) {
    const Dim& extent = graph.type(output).shape[along];
    if (!extent.is_const()) return;
    sizes.push_back(extent.value());
  }
  std::vector<ValueId> pieces(sizes.size());
  cut(patch, node, node.inputs[0], sizes, 0, pieces);
  for (size_t k = 0; k < pieces.size(); ++k) patch.replace(node.outputs[k], pieces[k]);
}

}  // namespace

bool canonical_arity(Graph& graph, const PassOptions&) {
  return rewrite_nodes(graph, [&](Patch& patch, NodeId id) {
    const Node& node = graph.node(id);
    if (node.op == "Concat" && node.inputs.size() > kMostOperands)
      patch.replace(node.outputs[0], join(patch, node, node.inputs, node.name));
    else if (node.op == "Split" && node.outputs.size() > kMostOperands)
      rewrite_split(graph, patch, node);
  });
}

}  // namespace tenfold::passes
