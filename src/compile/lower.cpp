#include "src/compile/lower.h"

#include <algorithm>
#include <map>
#include <set>

namespace tenfold::select {
namespace {

// The op's value in an expression. An Expr computes in real numbers, so that what an op of integers
// drops on the way is said here: a quotient's fraction, toward zero.
int expr_of(const Op& op, const Attrs& attrs, const std::vector<int>& regs, DType result, Expr& e) {
  const int value = op.expr(e, attrs, regs);
  if (op.name != "Div" || !is_integer(result)) return value;
  const int whole = e.unary(ExprOp::kFloor, e.unary(ExprOp::kAbs, value));
  return e.binary(ExprOp::kMul, e.unary(ExprOp::kSign, value), whole);
}

Attrs complete_attrs(const std::string& op, const Attrs& given, const std::vector<Shape>& inputs) {
  const Op* def = find_op(op);
  return def && def->complete ? def->complete(given, inputs) : given;
}

// Builds the Problem operand by operand and the Expr node by node.
class Lowerer {
 public:
  Lowerer(const Graph& graph, const std::vector<Symbol>& symbols) : graph_(graph) {
    result_.problem.symbols = symbols;
  }

  Lowered run(const Region& region) {
    const Node& start = graph_.node(region.start());
    const bool pointwise = is_pointwise(graph_, region.start());
    if (pointwise)
      result_.problem.op = "Pointwise";
    else
      anchor(start);
    for (NodeId id : region.nodes)
      if (pointwise || id != region.start()) absorb(graph_.node(id));
    finish(region, pointwise);
    return std::move(result_);
  }

 private:
  int operand(ValueId value, Shape dims) {
    // Anchor operands are never shared: their Formats are the anchor's business.
    for (size_t k = static_cast<size_t>(result_.problem.anchor_inputs); k < result_.inputs.size();
         ++k)
      if (result_.inputs[k] == value && result_.problem.inputs[k].dims == dims)
        return static_cast<int>(k);
    Operand o;
    o.dims = std::move(dims);
    o.format.dtype = graph_.type(value).dtype;
    o.constant = graph_.value(value).constant.valid();
    result_.problem.inputs.push_back(std::move(o));
    result_.inputs.push_back(value);
    return static_cast<int>(result_.inputs.size()) - 1;
  }

  void anchor_operand(ValueId value) {
    Operand o;
    o.dims = graph_.type(value).shape;
    o.format.dtype = graph_.type(value).dtype;
    o.constant = graph_.value(value).constant.valid();
    result_.problem.inputs.push_back(std::move(o));
    result_.inputs.push_back(value);
  }

  void anchor(const Node& node) {
    Problem& p = result_.problem;
    p.op = node.op;
    std::vector<Shape> in;
    for (ValueId v : node.inputs) in.push_back(v.valid() ? graph_.type(v).shape : Shape{});
    p.attrs = complete_attrs(node.op, node.attrs, in);
    const bool biased = node.op == "Conv" || node.op == "ConvTranspose" || node.op == "Gemm";
    const size_t count = biased ? 2 : node.inputs.size();
    for (size_t k = 0; k < count && k < node.inputs.size(); ++k)
      if (node.inputs[k].valid()) anchor_operand(node.inputs[k]);
    p.anchor_inputs = static_cast<int>(p.inputs.size());
    if (node.outputs.size() != 1) return;
    int reg = -1;
    if (node.op == "Gemm") {  // the factors are the Expr's
      p.attrs.erase("alpha");
      p.attrs.erase("beta");
      const double alpha = node.attrs.f("alpha", 1.0);
      if (alpha != 1.0) reg = p.expr.binary(ExprOp::kMul, p.expr.acc(), p.expr.constant(alpha));
    }
    if (biased && node.inputs.size() > 2 && node.inputs[2].valid()) reg = add_bias(node, reg);
    if (reg < 0) reg = p.expr.acc();
    registers_[node.outputs.front()] = reg;
  }

  int add_bias(const Node& node, int reg) {
    Expr& e = result_.problem.expr;
    const ValueId bias = node.inputs[2];
    Shape dims = graph_.type(bias).shape;
    if (node.op != "Gemm")
      for (size_t k = 2; k < graph_.type(node.outputs.front()).shape.size(); ++k) dims.push_back(1);
    int value = e.load(operand(bias, dims));
    const double beta = node.op == "Gemm" ? node.attrs.f("beta", 1.0) : 1.0;
    if (beta != 1.0) value = e.binary(ExprOp::kMul, value, e.constant(beta));
    return e.binary(ExprOp::kAdd, reg < 0 ? e.acc() : reg, value);
  }

  void absorb(const Node& node) {
    Expr& e = result_.problem.expr;
    std::vector<int> regs;
    for (ValueId v : node.inputs) {
      const auto found = registers_.find(v);
      if (found != registers_.end()) {
        regs.push_back(rounded(v, found->second));
      } else {
        const int reg = e.load(operand(v, graph_.type(v).shape));
        registers_[v] = reg;
        loaded_.insert(v);
        regs.push_back(reg);
      }
    }
    registers_[node.outputs.front()] =
        expr_of(*find_op(node.op), node.attrs, regs, graph_.type(node.outputs.front()).dtype, e);
  }

  // The value that a node of the expression made, as its type holds it where that is pinned; what
  // is loaded was stored so.
  int rounded(ValueId v, int reg) {
    const Value& value = graph_.value(v);
    const DType type = graph_.type(v).dtype;
    if (!value.producer.valid() || loaded_.count(v) || !is_float(type) || bits_of(type) >= 32 ||
        value.permitted != TypeSet{type})
      return reg;
    const auto [it, fresh] = rounded_.try_emplace(v, reg);
    if (fresh) it->second = result_.problem.expr.cast(reg, type);
    return it->second;
  }

  void finish(const Region& region, bool pointwise) {
    Problem& p = result_.problem;
    const Node& start = graph_.node(region.start());
    std::vector<ValueId> outputs = region.outputs;
    if (region.nodes.size() == 1) outputs = start.outputs;  // unused outputs keep their places
    if (outputs.empty()) outputs = graph_.node(region.nodes.back()).outputs;
    for (ValueId v : outputs) {
      Operand o;
      o.dims = graph_.type(v).shape;
      o.format.dtype = graph_.type(v).dtype;
      p.outputs.push_back(std::move(o));
      result_.outputs.push_back(v);
    }
    const bool plain = !pointwise && region.nodes.size() == 1 && p.expr.code.size() <= 1;
    if (plain)
      p.expr = Expr{};
    else
      p.expr.store(0, registers_.at(outputs.front()));
    p.expr = p.expr.canonical();
    keep_used_symbols(p);
  }

  static void keep_used_symbols(Problem& p) {
    std::vector<std::string> used;
    for (const auto* list : {&p.inputs, &p.outputs})
      for (const Operand& o : *list)
        for (const Dim& d : o.dims) d.collect_symbols(used);
    std::sort(used.begin(), used.end());
    std::vector<Symbol> kept;
    for (const std::string& name : used)
      for (const Symbol& s : p.symbols)
        if (s.name == name) kept.push_back(s);
    p.symbols = std::move(kept);
  }

  const Graph& graph_;
  Lowered result_;
  std::map<ValueId, int> registers_, rounded_;
  std::set<ValueId> loaded_;
};

}  // namespace

Lowered lower(const Graph& graph, const Region& region, const std::vector<Symbol>& symbols) {
  return Lowerer(graph, symbols).run(region);
}

Problem lower_recipe(const Graph& graph, const Constant& recipe) {
  Problem p;
  const Op* def = find_op(recipe.op);
  if (!def && recipe.op != "Convert")
    throw Error(Code::kInternal,
                "recipe of constant '" + recipe.name + "' has unknown op " + recipe.op);
  std::vector<Shape> in;
  for (ConstantId id : recipe.inputs) {
    const Constant& c = graph.constant(id);
    Operand o;
    o.dims = c.type.shape;
    o.format.dtype = c.type.dtype;
    o.constant = true;
    in.push_back(o.dims);
    p.inputs.push_back(std::move(o));
  }
  Operand out;
  out.dims = recipe.type.shape;
  out.format.dtype = recipe.type.dtype;
  p.outputs.push_back(out);
  if (def && def->expr) {
    p.op = "Pointwise";
    std::vector<int> regs;
    for (size_t k = 0; k < p.inputs.size(); ++k) regs.push_back(p.expr.load(static_cast<int>(k)));
    p.expr.store(0, expr_of(*def, recipe.attrs, regs, recipe.type.dtype, p.expr));
    p.expr = p.expr.canonical();
  } else {
    p.op = recipe.op;
    p.attrs = complete_attrs(recipe.op, recipe.attrs, in);
    p.anchor_inputs = static_cast<int>(p.inputs.size());
  }
  p.closed = true;
  return p;
}

Problem conversion(const Shape& dims, const Format& from, const Format& to, bool constant) {
  Problem p;
  p.op = "Convert";
  p.inputs = {Operand{dims, from, constant}};
  p.outputs = {Operand{dims, to, false}};
  p.anchor_inputs = 1;
  p.closed = true;
  return p;
}

}  // namespace tenfold::select
