// A product with constant weights is Gemm(a, w, bias) {transB=1}: weights [out, in], alpha and beta
// inside the constants, the bias a constant [out]; any other addend is an Add behind it.
#include "src/pass/common.h"

namespace tenfold::passes {
namespace {

ValueId scaled(Patch& patch, ValueId constant, DType dtype, double by) {
  if (by == 1) return constant;
  return patch.recipe("Mul", {constant, patch.constant("", Tensor::scalar(dtype, by))});
}

void from_matmul(const Graph& graph, Patch& patch, const Node& node) {
  if (!is_constant(graph, node.inputs[1]) || is_constant(graph, node.inputs[0])) return;
  if (graph.type(node.inputs[0]).shape.size() != 2 || graph.type(node.inputs[1]).shape.size() != 2)
    return;
  const std::vector<int64_t> perm{1, 0};
  const ValueId w = patch.recipe("Transpose", {node.inputs[1]}, {{"perm", perm}},
                                 graph.value(node.inputs[1]).name + ".t");
  patch.replace(node.outputs[0], patch.add("Gemm", {node.inputs[0], w}, {{"transB", int64_t{1}}},
                                           node.name, node.sources));
}

// The addend as a constant [out], if it can be one; `n` is its present shape.
std::optional<ValueId> as_bias(Patch& patch, ValueId c, const Shape& n, const Dim& out) {
  const Shape wanted{out};
  if (n == wanted) return c;
  if (n.size() == 2 && n[0] == Dim(1) && n[1] == out) return reshape_constant(patch, c, n, wanted);
  if (element_count(n) == Dim(1)) {
    const ValueId one = reshape_constant(patch, c, n, {Dim(1)});
    return patch.recipe("Expand", {one}, {{"shape", std::vector<int64_t>{out.value()}}});
  }
  return std::nullopt;
}

// Whether a constant of the type holds the number: of integers no half, of f16 no 1e-8.
bool holds(DType dtype, double number) {
  return dtype == DType::kF32 || dtype == DType::kF64 ||
         Tensor::scalar(dtype, number).at(0) == number;
}

void from_gemm(const Graph& graph, Patch& patch, const Node& node) {
  if (!is_constant(graph, node.inputs[1])) return;
  const DType dtype = graph.type(node.inputs[0]).dtype;
  const bool transposed = node.attrs.i("transB", 0) != 0;
  const double alpha = node.attrs.f("alpha", 1), beta = node.attrs.f("beta", 1);
  if (!holds(dtype, alpha) || !holds(dtype, beta)) return;
  const bool has_c = node.inputs.size() > 2 && node.inputs[2].valid();
  Attrs attrs{{"transB", int64_t{1}}};
  if (node.attrs.i("transA", 0) != 0) attrs.set("transA", int64_t{1});
  ValueId w = node.inputs[1];
  if (!transposed) {
    const std::vector<int64_t> perm{1, 0};
    w = patch.recipe("Transpose", {w}, {{"perm", perm}}, graph.value(w).name + ".t");
  }
  std::vector<ValueId> inputs{node.inputs[0], scaled(patch, w, dtype, alpha)};
  ValueId addend;
  if (has_c && beta != 0) {
    const ValueId c = node.inputs[2];
    const Dim out = graph.type(node.outputs[0]).shape[1];
    std::optional<ValueId> bias;
    if (is_constant(graph, c))
      bias = as_bias(patch, scaled(patch, c, dtype, beta), graph.type(c).shape, out);
    if (bias) inputs.push_back(*bias);
    if (!bias) addend = c;
  }
  if (attrs == node.attrs && inputs == node.inputs) return;
  ValueId y = patch.add("Gemm", inputs, attrs, node.name, node.sources);
  if (addend.valid()) {
    if (beta != 1)
      addend = patch.add("Mul", {addend, patch.constant("", Tensor::scalar(dtype, beta))}, {},
                         node.name + ".beta", node.sources);
    y = patch.add("Add", {y, addend}, {}, node.name + ".add", node.sources);
  }
  patch.replace(node.outputs[0], y);
}

}  // namespace

bool canonical_gemm(Graph& graph, const PassOptions&) {
  return rewrite_nodes(graph, [&](Patch& patch, NodeId id) {
    const Node& node = graph.node(id);
    if (node.op == "MatMul") from_matmul(graph, patch, node);
    if (node.op == "Gemm") from_gemm(graph, patch, node);
  });
}

}  // namespace tenfold::passes
