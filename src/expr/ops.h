// What each Expr instruction computes, in doubles: the one definition that evaluators and tests
// share.
#pragma once

#include <cmath>
#include <limits>

#include "tenfold/expr.h"

namespace tenfold {

// A name and how an instruction is spelt: operand registers, then immediates.
struct ExprOpFacts {
  ExprOp op;
  std::string_view name;
  int arity;
  int immediates;
};
const ExprOpFacts* expr_op_facts(ExprOp op);  // null for values outside the enumeration
const ExprOpFacts* expr_op_by_name(std::string_view name);

// Calls f with a function of (a, b, c), all doubles, for the arithmetic instruction `inst`; false
// for kAcc, kLoad, kConst and kStore. NaN operands of max, min and clip give NaN.
template <typename F>
bool with_scalar_op(const ExprInst& inst, F&& f) {
  const double imm = inst.imm, imm2 = inst.imm2;
  const DType type = inst.type;
  using D = double;
  switch (inst.op) {
    case ExprOp::kAdd: f([](D a, D b, D) { return a + b; }); return true;
    case ExprOp::kSub: f([](D a, D b, D) { return a - b; }); return true;
    case ExprOp::kMul: f([](D a, D b, D) { return a * b; }); return true;
    case ExprOp::kDiv: f([](D a, D b, D) { return a / b; }); return true;
    case ExprOp::kMax: f([](D a, D b, D) { return a != a || a > b ? a : b; }); return true;
    case ExprOp::kMin: f([](D a, D b, D) { return a != a || a < b ? a : b; }); return true;
    case ExprOp::kPow: f([](D a, D b, D) { return std::pow(a, b); }); return true;
    case ExprOp::kMod:  // has the divisor's sign
      f([](D a, D b, D) {
        const D r = std::fmod(a, b);
        return r != 0 && (r < 0) != (b < 0) ? r + b : r;
      });
      return true;
    case ExprOp::kNeg: f([](D a, D, D) { return -a; }); return true;
    case ExprOp::kAbs: f([](D a, D, D) { return std::fabs(a); }); return true;
    case ExprOp::kExp: f([](D a, D, D) { return std::exp(a); }); return true;
    case ExprOp::kLog: f([](D a, D, D) { return std::log(a); }); return true;
    case ExprOp::kSqrt: f([](D a, D, D) { return std::sqrt(a); }); return true;
    case ExprOp::kRsqrt: f([](D a, D, D) { return 1 / std::sqrt(a); }); return true;
    case ExprOp::kReciprocal: f([](D a, D, D) { return 1 / a; }); return true;
    case ExprOp::kSigmoid: f([](D a, D, D) { return 1 / (1 + std::exp(-a)); }); return true;
    case ExprOp::kTanh: f([](D a, D, D) { return std::tanh(a); }); return true;
    case ExprOp::kErf: f([](D a, D, D) { return std::erf(a); }); return true;
    case ExprOp::kFloor: f([](D a, D, D) { return std::floor(a); }); return true;
    case ExprOp::kCeil: f([](D a, D, D) { return std::ceil(a); }); return true;
    case ExprOp::kRound:
      f([](D a, D, D) { return std::nearbyint(a); });
      return true;  // ties to even
    case ExprOp::kSign:
      f([](D a, D, D) { return a > 0 ? 1.0 : a < 0 ? -1.0 : a != a ? a : 0.0; });
      return true;
    case ExprOp::kSoftplus:
      f([](D a, D, D) { return (a > 0 ? a : 0) + std::log1p(std::exp(-std::fabs(a))); });
      return true;
    case ExprOp::kSin: f([](D a, D, D) { return std::sin(a); }); return true;
    case ExprOp::kCos: f([](D a, D, D) { return std::cos(a); }); return true;
    case ExprOp::kNot: f([](D a, D, D) { return a == 0 ? 1.0 : 0.0; }); return true;
    case ExprOp::kIsNaN: f([](D a, D, D) { return a != a ? 1.0 : 0.0; }); return true;
    case ExprOp::kRelu: f([](D a, D, D) { return a <= 0 ? 0.0 : a; }); return true;
    case ExprOp::kLeakyRelu: f([imm](D a, D, D) { return a < 0 ? imm * a : a; }); return true;
    case ExprOp::kElu: f([imm](D a, D, D) { return a < 0 ? imm * std::expm1(a) : a; }); return true;
    case ExprOp::kClip:
      f([imm, imm2](D a, D, D) {
        const D low = a < imm ? imm : a;
        return low > imm2 ? imm2 : low;
      });
      return true;
    case ExprOp::kPRelu: f([](D a, D b, D) { return a < 0 ? b * a : a; }); return true;
    case ExprOp::kEqual: f([](D a, D b, D) { return a == b ? 1.0 : 0.0; }); return true;
    case ExprOp::kLess: f([](D a, D b, D) { return a < b ? 1.0 : 0.0; }); return true;
    case ExprOp::kLessEqual: f([](D a, D b, D) { return a <= b ? 1.0 : 0.0; }); return true;
    case ExprOp::kGreater: f([](D a, D b, D) { return a > b ? 1.0 : 0.0; }); return true;
    case ExprOp::kGreaterEqual: f([](D a, D b, D) { return a >= b ? 1.0 : 0.0; }); return true;
    case ExprOp::kAnd: f([](D a, D b, D) { return a != 0 && b != 0 ? 1.0 : 0.0; }); return true;
    case ExprOp::kOr: f([](D a, D b, D) { return a != 0 || b != 0 ? 1.0 : 0.0; }); return true;
    case ExprOp::kXor: f([](D a, D b, D) { return (a != 0) != (b != 0) ? 1.0 : 0.0; }); return true;
    case ExprOp::kSelect: f([](D a, D b, D c) { return a != 0 ? b : c; }); return true;
    case ExprOp::kCast: f([type](D a, D, D) { return round_to(type, a); }); return true;
    case ExprOp::kQuantize:
      f([imm, imm2, type](D a, D, D) { return round_to(type, std::nearbyint(a / imm) + imm2); });
      return true;
    case ExprOp::kDequantize: f([imm, imm2](D a, D, D) { return (a - imm2) * imm; }); return true;
    case ExprOp::kAcc:
    case ExprOp::kLoad:
    case ExprOp::kConst:
    case ExprOp::kStore: break;
  }
  return false;
}

}  // namespace tenfold
