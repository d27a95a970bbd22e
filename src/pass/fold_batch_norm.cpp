// Chains of per-channel constant scaling and shifting (BatchNormalization, Mul, Add, Sub, Div, Neg)
// become one scale and one shift, as recipes: into the weights and bias of the Conv, ConvTranspose
// or Gemm in front of the chain where nothing else sees what is between, else one Mul and one Add.
//
//   y = s * x + t          conv: w' = s w, b' = s b + t
#include <algorithm>

#include "src/pass/common.h"

namespace tenfold::passes {
namespace {

// A constant [C] or [1], or nothing.
struct PerChannel {
  ValueId id;
  Dim extent = 1;
  explicit operator bool() const { return id.valid(); }
};

// A per-channel constant has, aligned at the right to `rank` axes, no extent but 1 except at
// axis 1.
bool per_channel(const Graph& graph, ValueId v, const Shape& x) {
  if (!is_constant(graph, v)) return false;
  const Shape& c = graph.type(v).shape;
  if (c.size() > x.size()) return false;
  for (size_t k = 0; k < c.size(); ++k) {
    const size_t axis = x.size() - c.size() + k;
    if (!(c[k] == Dim(1)) && !(axis == 1 && c[k] == x[1])) return false;
  }
  return true;
}

// The operand of an affine node that carries the data, or -1.
int data_operand(const Graph& graph, const Node& node) {
  if (node.inputs.empty() || node.outputs.size() != 1) return -1;
  const Type& y = graph.type(node.outputs[0]);
  // Scales and shifts are computed in the constants' type: in f16 they would be coarse or infinite.
  if ((y.dtype != DType::kF32 && y.dtype != DType::kF64) || y.shape.empty()) return -1;
  int data = -1;
  if (node.op == "Neg" || node.op == "BatchNormalization") {
    data = 0;
    for (size_t k = 1; k < node.inputs.size(); ++k)
      if (!is_constant(graph, node.inputs[k])) return -1;
  } else if (node.op == "Mul" || node.op == "Add" || node.op == "Sub" || node.op == "Div") {
    if (per_channel(graph, node.inputs[1], y.shape)) {
      data = 0;
    } else if (node.op != "Div" && per_channel(graph, node.inputs[0], y.shape)) {
      data = 1;
    }
  }
  if (data < 0 || is_constant(graph, node.inputs[static_cast<size_t>(data)])) return -1;
  return graph.type(node.inputs[static_cast<size_t>(data)]) == y ? data : -1;
}

class Folder {
 public:
  Folder(const Graph& graph, Patch& patch, NodeId last)
      : graph_(graph), patch_(patch), last_(graph.node(last)) {}

  void run() {
    if (!collect()) return;
    const Node* anchor = linear_anchor();
    if (!anchor && canonical_already()) return;
    std::reverse(chain_.begin(), chain_.end());
    for (const Node* n : chain_) compose(*n);
    sources_ = sources_of(chain_);
    const ValueId y = anchor ? fold_into(*anchor) : spell();
    patch_.replace(last_.outputs[0], y);
  }

 private:
  // Walks from the last node of a chain to its first.
  bool collect() {
    const ValueId y = last_.outputs[0];
    // In the middle of a longer chain: that one's last node folds.
    if (used_once(graph_, y) && data_operand(graph_, graph_.node(graph_.uses(y)[0])) >= 0)
      return false;
    for (const Node* node = &last_; node;) {
      const int data = data_operand(graph_, *node);
      if (data < 0) break;
      chain_.push_back(node);
      x_ = node->inputs[static_cast<size_t>(data)];
      node = used_once(graph_, x_) ? producer_of(graph_, x_) : nullptr;
    }
    return !chain_.empty();
  }

  const Node* linear_anchor() const {
    const Node* node = producer_of(graph_, x_);
    if (!node || !used_once(graph_, x_)) return nullptr;
    if (node->op != "Conv" && node->op != "ConvTranspose" && node->op != "Gemm") return nullptr;
    for (size_t k = 1; k < node->inputs.size(); ++k)
      if (node->inputs[k].valid() && !is_constant(graph_, node->inputs[k])) return nullptr;
    if (node->op != "Gemm") return node;
    // canonical_gemm's spelling, whose bias is [out].
    const bool plain = node->attrs.i("transB", 0) == 1 && node->attrs.f("alpha", 1) == 1 &&
                       node->attrs.f("beta", 1) == 1;
    const bool bias = node->inputs.size() < 3 || graph_.type(node->inputs[2]).shape.size() == 1;
    return plain && bias ? node : nullptr;
  }

  // [Mul] [Add], each with its constant second; or one node that has no shorter spelling.
  bool canonical_already() const {
    const Node& end = *chain_[0];
    if (chain_.size() == 2) return end.op == "Add" && chain_[1]->op == "Mul";
    if (chain_.size() != 1) return false;
    return end.op == "Mul" || end.op == "Add" || end.op == "Neg" ||
           (end.op == "Sub" && data_operand(graph_, end) == 1);
  }

  PerChannel number(double v) {
    return {patch_.constant("", Tensor::of<double>(dtype(), {1}, {v})), 1};
  }
  DType dtype() const { return graph_.type(last_.outputs[0]).dtype; }
  size_t rank() const { return graph_.type(last_.outputs[0]).shape.size(); }
  PerChannel combine(const char* op, const PerChannel& a, const PerChannel& b) {
    if (!a) return b;
    return {patch_.recipe(op, {a.id, b.id}), a.extent == Dim(1) ? b.extent : a.extent};
  }
  PerChannel apply(const char* op, const PerChannel& a) {
    return {patch_.recipe(op, {a.id}), a.extent};
  }

  PerChannel flat(ValueId c) {
    const Shape& shape = graph_.type(c).shape;
    const Dim n = element_count(shape);
    return {reshape_constant(patch_, c, shape, {n}), n};
  }

  // Puts s * x + t behind the map gathered so far.
  void then(const PerChannel& s, const PerChannel& t) {
    if (s) {
      scale_ = combine("Mul", scale_, s);
      if (shift_) shift_ = combine("Mul", shift_, s);
    }
    if (t) shift_ = combine("Add", shift_, t);
  }

  void compose(const Node& n) {
    if (n.op == "BatchNormalization") return batch_norm(n);
    if (n.op == "Neg") return then(number(-1), {});
    const int data = data_operand(graph_, n);
    const PerChannel c = flat(n.inputs[data == 0 ? 1 : 0]);
    if (n.op == "Mul") then(c, {});
    if (n.op == "Add") then({}, c);
    if (n.op == "Div") then(apply("Reciprocal", c), {});
    if (n.op == "Sub" && data == 0) then({}, apply("Neg", c));
    if (n.op == "Sub" && data == 1) then(number(-1), c);
  }

  void batch_norm(const Node& n) {
    const PerChannel gamma = flat(n.inputs[1]), beta = flat(n.inputs[2]), mean = flat(n.inputs[3]);
    const PerChannel var = flat(n.inputs[4]);
    const PerChannel deviation =
        apply("Sqrt", combine("Add", var, number(n.attrs.f("epsilon", 1e-5))));
    const PerChannel s = combine("Div", gamma, deviation);
    then(s, combine("Sub", beta, combine("Mul", mean, s)));
  }

  // The constant so shaped that it lies along axis 1 of the data.
  ValueId along_channels(const PerChannel& c, const std::string& name) {
    Shape shape{c.extent};
    if (rank() > 2) shape.resize(rank() - 1, Dim(1));
    if (shape.size() == 1) return c.id;
    return patch_.recipe("Reshape", {c.id}, reshape_attrs({c.extent}, shape), name);
  }

  ValueId whole(const PerChannel& c, const Dim& channels) {
    if (c.extent == channels) return c.id;
    return patch_.recipe("Expand", {c.id}, {{"shape", std::vector<int64_t>{channels.value()}}});
  }

  ValueId spell() {
    ValueId y = x_;
    const std::string& name = last_.name;
    if (scale_)
      y = patch_.add("Mul", {y, along_channels(scale_, name + ".scale")}, {},
                     shift_ ? name + ".mul" : name, sources_);
    if (shift_)
      y = patch_.add("Add", {y, along_channels(shift_, name + ".shift")}, {}, name, sources_);
    return y;
  }

  ValueId fold_into(const Node& anchor) {
    const Shape& w_shape = graph_.type(anchor.inputs[1]).shape;
    const Dim channels = graph_.type(anchor.outputs[0]).shape[1];
    std::vector<ValueId> inputs{anchor.inputs[0], anchor.inputs[1]};
    PerChannel bias;
    if (anchor.inputs.size() > 2 && anchor.inputs[2].valid()) bias = {anchor.inputs[2], channels};
    if (scale_) {
      inputs[1] = scaled_weights(anchor, w_shape);
      if (bias) bias = combine("Mul", bias, scale_);
    }
    if (shift_) bias = combine("Add", bias, shift_);
    if (bias) inputs.push_back(whole(bias, channels));
    return patch_.add(anchor.op, inputs, anchor.attrs, anchor.name,
                      merge(anchor.sources, sources_));
  }

  ValueId scaled_weights(const Node& anchor, const Shape& w) {
    const std::string name = graph_.value(anchor.inputs[1]).name + ".folded";
    const int64_t group = anchor.attrs.i("group", 1);
    if (anchor.op != "ConvTranspose") {  // [M, ...]
      Shape shape{scale_.extent};
      shape.resize(w.size(), Dim(1));
      return patch_.recipe("Mul",
                           {anchor.inputs[1], patch_.recipe("Reshape", {scale_.id},
                                                            reshape_attrs({scale_.extent}, shape))},
                           {}, name);
    }
    // [G * C/G, M/G, ...]: one scale for each group's part of axis 1.
    const int64_t m = w[1].value();
    Shape grouped{group, w[0].value() / group, m};
    grouped.insert(grouped.end(), w.begin() + 2, w.end());
    Shape per_group{group, 1, m};
    per_group.resize(grouped.size(), Dim(1));
    const Dim channels = Dim(group) * w[1];
    const ValueId scale = reshape_constant(patch_, whole(scale_, channels), {channels}, per_group);
    const ValueId parts = reshape_constant(patch_, anchor.inputs[1], w, grouped);
    return patch_.recipe("Reshape", {patch_.recipe("Mul", {parts, scale})},
                         reshape_attrs(grouped, w), name);
  }

  const Graph& graph_;
  Patch& patch_;
  const Node& last_;
  std::vector<const Node*> chain_;  // last first; turned round once it is whole
  ValueId x_;
  PerChannel scale_, shift_;
  std::vector<std::string> sources_;
};

}  // namespace

// Chains share no node, so one patch holds them all; a chain behind another reads what replaces it.
bool fold_batch_norm(Graph& graph, const PassOptions&) {
  return rewrite_nodes(graph, [&](Patch& patch, NodeId id) {
    if (data_operand(graph, graph.node(id)) >= 0) Folder(graph, patch, id).run();
  });
}

}  // namespace tenfold::passes
