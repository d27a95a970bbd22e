// Which nodes may see sizes that only a run knows.
#include <algorithm>
#include <set>

#include "src/compile/flow.h"

namespace tenfold::select {

namespace {

using Names = std::set<std::string, std::less<>>;

bool uses(const Dim& dim, const std::string& symbol) {
  std::vector<std::string> names;
  dim.collect_symbols(names);
  return std::find(names.begin(), names.end(), symbol) != names.end();
}

// Whether an axis is none of those that the attribute names; `all` where it is absent.
bool apart(const Attrs& attrs, const char* name, int64_t axis, int64_t rank, bool all) {
  std::vector<int64_t> axes = attrs.ints(name);
  if (axes.empty()) return !all;
  return std::none_of(axes.begin(), axes.end(),
                      [&](int64_t a) { return (a < 0 ? a + rank : a) == axis; });
}

class Rules {
 public:
  Rules(const Graph& graph, const Node& node, const std::string& symbol)
      : graph_(graph), node_(node), symbol_(symbol) {
    std::vector<Shape> shapes;
    for (ValueId v : node.inputs) shapes.push_back(v.valid() ? graph.type(v).shape : Shape{});
    const Op* def = find_op(node.op);
    attrs_ = def && def->complete ? def->complete(node.attrs, shapes) : node.attrs;
    pointwise_ = def && def->expr;
  }

  // Whether results within the size need only what lies within it along `axis` of input `k`.
  bool independent(size_t k, int64_t axis) const {
    static const Names kAny = {"If", "Loop", "Size", "Identity", "Dropout", "Transpose", "Convert"};
    static const Names kFirst = {
        "Conv",          "ConvTranspose", "MaxPool", "AveragePool",        "GlobalAveragePool",
        "GlobalMaxPool", "LRN",           "Resize",  "BatchNormalization", "InstanceNormalization",
        "DepthToSpace",  "SpaceToDepth"};
    static const Names kOneAxis = {"Softmax", "LogSoftmax", "ArgMax", "ArgMin",
                                   "TopK",    "Concat",     "Split",  "Compress"};
    const auto rank = static_cast<int64_t>(graph_.type(node_.inputs[k]).shape.size());
    if (pointwise_ || kAny.count(node_.op)) return true;
    if (kFirst.count(node_.op)) return k == 0 && axis == 0;
    if (kOneAxis.count(node_.op))
      return attrs_.has("axis") && (node_.op != "Compress" || k == 0) &&
             normal(attrs_.i("axis", 0), rank) != axis;
    if (node_.op.rfind("Reduce", 0) == 0) return apart(attrs_, "axes", axis, rank, true);
    if (node_.op == "Slice") return apart(attrs_, "axes", axis, rank, true);
    if (node_.op == "Gather") return k == 1 || normal(attrs_.i("axis", 0), rank) != axis;
    if (node_.op == "Gemm") return k == 0 && axis == attrs_.i("transA", 0);
    if (node_.op == "MatMul") return rank >= 2 && (k == 0 ? axis != rank - 1 : axis != rank - 2);
    if (node_.op == "LayerNormalization")
      return k == 0 && axis < normal(attrs_.i("axis", -1), rank);
    return keeps_first_axis(axis);
  }

 private:
  static int64_t normal(int64_t axis, int64_t rank) { return axis < 0 ? axis + rank : axis; }
  // Reshapes whose elements stay in their order and whose size is along the first axis.
  bool keeps_first_axis(int64_t axis) const {
    static const Names kReshapes = {"Reshape", "Flatten", "Squeeze", "Unsqueeze"};
    if (!kReshapes.count(node_.op) || axis != 0) return false;
    const Shape& to = graph_.type(node_.outputs.front()).shape;
    for (size_t d = 0; d < to.size(); ++d)
      if (uses(to[d], symbol_) != (d == 0)) return false;
    return true;
  }

  const Graph& graph_;
  const Node& node_;
  const std::string& symbol_;
  Attrs attrs_;
  bool pointwise_ = false;
};

}  // namespace

void check_counts(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  for (const Symbol& s : graph.symbols()) {
    if (!s.data_dependent) continue;
    const Rules rules(graph, node, s.name);
    for (size_t k = 0; k < node.inputs.size(); ++k) {
      if (!node.inputs[k].valid()) continue;
      const Shape& shape = graph.type(node.inputs[k]).shape;
      for (size_t axis = 0; axis < shape.size(); ++axis)
        if (uses(shape[axis], s.name) && !rules.independent(k, static_cast<int64_t>(axis)))
          throw Error(Code::kUnsupported,
                      "node '" + node.name + "' (" + node.op + "): input " + std::to_string(k) +
                          " is " + graph.type(node.inputs[k]).str() + "; no kernel of " + node.op +
                          " stops where a size ends that only the run knows (" + s.name + ")");
    }
  }
}

}  // namespace tenfold::select
