// Expr: the scalar program of epilogues, pointwise groups and preprocessing.
#pragma once

#include <optional>
#include <span>

#include "tenfold/type.h"

namespace tenfold {

// One instruction; its position is its register. Operands a, b, c are earlier registers.
enum class ExprOp : uint8_t {
  kAcc = 0,    // the anchor's result (output `slot` of the anchor)
  kLoad = 1,   // input `slot` of the Problem, broadcast numpy-style to the output
  kConst = 2,  // imm
  kStore = 3,  // output `slot` = a
  kCast = 4,   // a rounded to `type`
  kAdd = 10,
  kSub = 11,
  kMul = 12,
  kDiv = 13,
  kMax = 14,
  kMin = 15,
  kPow = 16,
  kMod = 17,
  kNeg = 30,
  kAbs = 31,
  kExp = 32,
  kLog = 33,
  kSqrt = 34,
  kRsqrt = 35,
  kReciprocal = 36,
  kSigmoid = 37,
  kTanh = 38,
  kErf = 39,
  kFloor = 40,
  kCeil = 41,
  kRound = 42,
  kSign = 43,
  kSoftplus = 44,
  kSin = 45,
  kCos = 46,
  kNot = 47,
  kIsNaN = 48,
  kRelu = 60,      // max(a, 0); NaN stays NaN in the reference, rows may give 0 (ADR 0014)
  kLeakyRelu = 61, // a < 0 ? imm * a : a
  kElu = 62,       // a < 0 ? imm * (exp(a) - 1) : a
  kClip = 63,      // min(max(a, imm), imm2)
  kPRelu = 64,     // a < 0 ? b * a : a
  kEqual = 80,
  kLess = 81,
  kLessEqual = 82,
  kGreater = 83,
  kGreaterEqual = 84,
  kAnd = 85,
  kOr = 86,
  kXor = 87,
  kSelect = 90,    // a ? b : c
  kQuantize = 100, // round(a / imm) + imm2, saturated to `type`
  kDequantize = 101,  // (a - imm2) * imm
};
std::string_view to_string(ExprOp op);
int arity(ExprOp op);  // 0 to 3 register operands

struct ExprInst {
  ExprOp op = ExprOp::kAcc;
  DType type = DType::kF32;  // of the result; the CPU reference computes in f64 and rounds at kCast
  int16_t a = -1, b = -1, c = -1;
  int16_t slot = 0;
  double imm = 0, imm2 = 0;
  bool operator==(const ExprInst&) const = default;
};

// A straight-line program evaluated once per output element. An empty Expr stores the anchor's
// result to output 0.
//   Expr e;  int r = e.unary(ExprOp::kRelu, e.binary(ExprOp::kAdd, e.acc(), e.load(2))); e.store(0,
//   r); e.str() == "out0=relu(add(acc,in2))"
struct Expr {
  std::vector<ExprInst> code;

  bool empty() const { return code.empty(); }
  int push(ExprInst inst);  // returns its register
  int acc(int slot = 0);  // reuses an equal register, as do load and constant
  int load(int input);
  int constant(double value);
  int unary(ExprOp op, int a, double imm = 0, double imm2 = 0);
  int binary(ExprOp op, int a, int b);
  int select(int a, int b, int c);
  int cast(int a, DType to);
  void store(int output, int a);

  std::string str() const;  // shared registers print as "t3=...; "
  static Expr parse(std::string_view text);  // Error{kInvalid} with the position
  // Error{kInvalid} unless registers are defined before use and slots are in range.
  void verify(int inputs, int outputs) const;
  std::vector<int> loads() const;  // input slots read, ascending
  // The same program in the order that its text is read: equal programs that were built in
  // different orders become equal, unused registers go, and str() is short.
  Expr canonical() const;
  // Renumbers kLoad slots: slot k becomes map[k].
  void remap_loads(const std::vector<int>& map);
  bool operator==(const Expr&) const = default;
};

// The Expr as a chain over the accumulator, if it is one: acc -> step -> step -> ... -> store 0.
// What vendor libraries can express maps from here.
struct ChainStep {
  ExprOp op;
  double imm = 0, imm2 = 0;
  int input = -1;  // Problem input of the other operand of a binary op; -1: none or constant
  double constant = 0;  // the other operand when it is a constant
  bool has_constant = false;
  bool swapped = false;  // other op acc (matters for sub, div, pow)
  DType type = DType::kF32;  // of kCast, kQuantize
};
std::optional<std::vector<ChainStep>> as_chain(const Expr& expr);

// Scalar evaluation in double with one value per load (tests, constant folding of scalars).
double evaluate_scalar(const Expr& expr, double acc, std::span<const double> loads, int output = 0);

}  // namespace tenfold
