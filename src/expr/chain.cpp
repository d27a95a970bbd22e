// as_chain: an Expr seen as steps over the accumulator.
#include "src/expr/ops.h"

namespace tenfold {
namespace {

using Op = ExprOp;

struct Walk {
  const Expr& expr;
  std::vector<int> uses;

  explicit Walk(const Expr& e) : expr(e), uses(e.code.size()) {
    for (const ExprInst& inst : e.code)
      for (const int16_t r : {inst.a, inst.b, inst.c})
        if (r >= 0) ++uses[static_cast<size_t>(r)];
  }
  const ExprInst& at(int16_t r) const { return expr.code[static_cast<size_t>(r)]; }
  bool is_leaf(int16_t r) const { return at(r).op == Op::kLoad || at(r).op == Op::kConst; }
  // Sets the step's other operand.
  void take(int16_t r, ChainStep& step) const {
    if (at(r).op == Op::kLoad) {
      step.input = at(r).slot;
    } else {
      step.constant = at(r).imm;
      step.has_constant = true;
    }
  }
};

}  // namespace

std::optional<std::vector<ChainStep>> as_chain(const Expr& expr) {
  std::vector<ChainStep> steps;
  if (expr.empty()) return steps;
  const Walk walk(expr);
  int16_t tip = -1;  // the chain's newest register
  bool stored = false;
  for (size_t k = 0; k < expr.code.size(); ++k) {
    const ExprInst& inst = expr.code[k];
    const auto self = static_cast<int16_t>(k);
    if (inst.op == Op::kLoad || inst.op == Op::kConst) continue;
    if (stored) return std::nullopt;
    if (inst.op == Op::kAcc) {
      if (tip >= 0 || inst.slot != 0 || walk.uses[k] != 1) return std::nullopt;
      tip = self;
      continue;
    }
    if (tip < 0) return std::nullopt;
    if (inst.op == Op::kStore) {
      if (inst.slot != 0 || inst.a != tip) return std::nullopt;
      stored = true;
      continue;
    }
    if (walk.uses[k] != 1) return std::nullopt;
    ChainStep step{inst.op};
    step.imm = inst.imm;
    step.imm2 = inst.imm2;
    step.type = inst.type;
    const int operands = arity(inst.op);
    if (operands == 1 && inst.a == tip) {
    } else if (operands == 2 && inst.a == tip && inst.b != tip && walk.is_leaf(inst.b)) {
      walk.take(inst.b, step);
    } else if (operands == 2 && inst.b == tip && inst.a != tip && walk.is_leaf(inst.a)) {
      walk.take(inst.a, step);
      step.swapped = true;
    } else {
      return std::nullopt;
    }
    steps.push_back(step);
    tip = self;
  }
  if (!stored) return std::nullopt;
  return steps;
}

}  // namespace tenfold
