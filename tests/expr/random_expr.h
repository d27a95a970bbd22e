// Random verified Exprs for property tests.
#pragma once

#include "src/expr/ops.h"
#include "tests/type/random.h"

namespace tenfold::test {

// Reads acc (if `acc`) and inputs below `inputs`, stores to each of `outputs`.
inline Expr random_expr(Random& r, int inputs, int outputs, bool acc, int instructions = 12) {
  static constexpr ExprOp kOps[] = {
      ExprOp::kAdd,   ExprOp::kSub,     ExprOp::kMul,      ExprOp::kDiv,       ExprOp::kMax,
      ExprOp::kMin,   ExprOp::kPow,     ExprOp::kMod,      ExprOp::kNeg,       ExprOp::kExp,
      ExprOp::kRelu,  ExprOp::kClip,    ExprOp::kElu,      ExprOp::kLeakyRelu, ExprOp::kPRelu,
      ExprOp::kTanh,  ExprOp::kSigmoid, ExprOp::kSelect,   ExprOp::kCast,      ExprOp::kQuantize,
      ExprOp::kEqual, ExprOp::kXor,     ExprOp::kSoftplus, ExprOp::kDequantize};
  Expr e;
  const auto leaf = [&] {
    const int64_t kind = r.below(3);
    if (kind == 0 && acc) return e.acc();
    if (kind == 1 && inputs > 0) return e.load(static_cast<int>(r.below(inputs)));
    return e.constant(r.coin() ? r.real() : static_cast<double>(r.between(-3, 3)));
  };
  std::vector<int> values = {leaf()};
  const auto pick = [&] {
    if (r.below(3) == 0) return leaf();
    return values[static_cast<size_t>(r.below(static_cast<int64_t>(values.size())))];
  };
  for (int k = 0; k < instructions; ++k) {
    const ExprOpFacts& f = *expr_op_facts(kOps[r.below(std::size(kOps))]);
    ExprInst inst;
    inst.op = f.op;
    if (f.arity > 0) inst.a = static_cast<int16_t>(pick());
    if (f.arity > 1) inst.b = static_cast<int16_t>(pick());
    if (f.arity > 2) inst.c = static_cast<int16_t>(pick());
    if (f.immediates > 0) inst.imm = std::fabs(r.real()) + 0.01;
    if (f.immediates > 1) inst.imm2 = inst.imm + 1;
    if (f.op == ExprOp::kCast || f.op == ExprOp::kQuantize || r.below(8) == 0)
      inst.type = r.coin() ? DType::kF16 : DType::kI8;
    values.push_back(e.push(inst));
  }
  for (int k = 0; k < outputs; ++k) e.store(k, k == 0 ? values.back() : pick());
  return e;
}

}  // namespace tenfold::test
