// Expr: building, checking, scalar evaluation.
#include "tenfold/expr.h"

#include <algorithm>
#include <bit>

#include "src/expr/ops.h"
#include "tenfold/diag.h"

namespace tenfold {
namespace {

constexpr size_t kMaxCode = 4096;
using Op = ExprOp;

constexpr ExprOpFacts kFacts[] = {
    {Op::kAcc, "acc", 0, 0},           {Op::kLoad, "in", 0, 0},
    {Op::kConst, "const", 0, 0},       {Op::kStore, "out", 1, 0},
    {Op::kCast, "cast", 1, 0},         {Op::kAdd, "add", 2, 0},
    {Op::kSub, "sub", 2, 0},           {Op::kMul, "mul", 2, 0},
    {Op::kDiv, "div", 2, 0},           {Op::kMax, "max", 2, 0},
    {Op::kMin, "min", 2, 0},           {Op::kPow, "pow", 2, 0},
    {Op::kMod, "mod", 2, 0},           {Op::kNeg, "neg", 1, 0},
    {Op::kAbs, "abs", 1, 0},           {Op::kExp, "exp", 1, 0},
    {Op::kLog, "log", 1, 0},           {Op::kSqrt, "sqrt", 1, 0},
    {Op::kRsqrt, "rsqrt", 1, 0},       {Op::kReciprocal, "reciprocal", 1, 0},
    {Op::kSigmoid, "sigmoid", 1, 0},   {Op::kTanh, "tanh", 1, 0},
    {Op::kErf, "erf", 1, 0},           {Op::kFloor, "floor", 1, 0},
    {Op::kCeil, "ceil", 1, 0},         {Op::kRound, "round", 1, 0},
    {Op::kSign, "sign", 1, 0},         {Op::kSoftplus, "softplus", 1, 0},
    {Op::kSin, "sin", 1, 0},           {Op::kCos, "cos", 1, 0},
    {Op::kNot, "not", 1, 0},           {Op::kIsNaN, "isnan", 1, 0},
    {Op::kRelu, "relu", 1, 0},         {Op::kLeakyRelu, "leakyrelu", 1, 1},
    {Op::kElu, "elu", 1, 1},           {Op::kClip, "clip", 1, 2},
    {Op::kPRelu, "prelu", 2, 0},       {Op::kEqual, "equal", 2, 0},
    {Op::kLess, "less", 2, 0},         {Op::kLessEqual, "lessequal", 2, 0},
    {Op::kGreater, "greater", 2, 0},   {Op::kGreaterEqual, "greaterequal", 2, 0},
    {Op::kAnd, "and", 2, 0},           {Op::kOr, "or", 2, 0},
    {Op::kXor, "xor", 2, 0},           {Op::kSelect, "select", 3, 0},
    {Op::kQuantize, "quantize", 1, 2}, {Op::kDequantize, "dequantize", 1, 2},
};

ExprInst leaf(Op op, int slot, double imm = 0) {
  ExprInst inst;
  inst.op = op;
  inst.slot = static_cast<int16_t>(slot);
  inst.imm = imm;
  return inst;
}

int reuse_or_push(Expr& e, const ExprInst& inst) {
  for (size_t k = 0; k < e.code.size(); ++k) {
    const ExprInst& held = e.code[k];
    if (held.op == inst.op && held.slot == inst.slot && held.type == inst.type &&
        std::bit_cast<uint64_t>(held.imm) == std::bit_cast<uint64_t>(inst.imm))
      return static_cast<int>(k);
  }
  return e.push(inst);
}

[[noreturn]] void bad(size_t at, const std::string& reason) {
  throw Error(Code::kInvalid, "expression, instruction " + std::to_string(at) + ": " + reason);
}

void check_instruction(const Expr& e, size_t at, int inputs, int outputs) {
  const ExprInst& inst = e.code[at];
  const ExprOpFacts* facts = expr_op_facts(inst.op);
  if (!facts) bad(at, "unknown operation");
  if (static_cast<size_t>(inst.type) >= kDTypeCount || bits_of(inst.type) == 0)
    bad(at, "unknown element type");
  const int16_t operands[] = {inst.a, inst.b, inst.c};
  for (int k = 0; k < 3; ++k) {
    const int r = operands[k];
    if (k >= facts->arity) {
      if (r != -1) bad(at, "more operands than '" + std::string(facts->name) + "' has");
      continue;
    }
    if (r < 0 || static_cast<size_t>(r) >= at) bad(at, "an operand is not an earlier register");
    if (e.code[static_cast<size_t>(r)].op == Op::kStore) bad(at, "an operand has no value");
  }
  if (inst.op != Op::kConst &&
      ((facts->immediates < 1 && inst.imm != 0) || (facts->immediates < 2 && inst.imm2 != 0)))
    bad(at, "a number that '" + std::string(facts->name) + "' does not take");
  if (inst.op == Op::kConst && inst.imm2 != 0) bad(at, "a constant with two numbers");
  int slots = 1;
  if (inst.op == Op::kLoad) slots = inputs;
  if (inst.op == Op::kStore || inst.op == Op::kAcc) slots = outputs;
  if (inst.slot < 0 || inst.slot >= slots)
    bad(at, std::string(facts->name) + std::to_string(inst.slot) + " does not exist");
}

}  // namespace

const ExprOpFacts* expr_op_facts(Op op) {
  for (const ExprOpFacts& f : kFacts)
    if (f.op == op) return &f;
  return nullptr;
}

const ExprOpFacts* expr_op_by_name(std::string_view name) {
  for (const ExprOpFacts& f : kFacts)
    if (f.name == name) return &f;
  return nullptr;
}

std::string_view to_string(Op op) {
  const ExprOpFacts* facts = expr_op_facts(op);
  return facts ? facts->name : "unknown";
}

int arity(Op op) {
  const ExprOpFacts* facts = expr_op_facts(op);
  return facts ? facts->arity : 0;
}

int Expr::push(ExprInst inst) {
  if (code.size() >= kMaxCode)
    throw Error(Code::kResource,
                "an expression of more than " + std::to_string(kMaxCode) + " instructions");
  code.push_back(inst);
  return static_cast<int>(code.size()) - 1;
}

int Expr::acc(int slot) { return reuse_or_push(*this, leaf(Op::kAcc, slot)); }
int Expr::load(int input) { return reuse_or_push(*this, leaf(Op::kLoad, input)); }
int Expr::constant(double value) { return reuse_or_push(*this, leaf(Op::kConst, 0, value)); }

int Expr::unary(Op op, int a, double imm, double imm2) {
  ExprInst inst;
  inst.op = op;
  inst.a = static_cast<int16_t>(a);
  inst.imm = imm;
  inst.imm2 = imm2;
  return push(inst);
}

int Expr::binary(Op op, int a, int b) {
  ExprInst inst;
  inst.op = op;
  inst.a = static_cast<int16_t>(a);
  inst.b = static_cast<int16_t>(b);
  return push(inst);
}

int Expr::select(int a, int b, int c) {
  ExprInst inst;
  inst.op = Op::kSelect;
  inst.a = static_cast<int16_t>(a);
  inst.b = static_cast<int16_t>(b);
  inst.c = static_cast<int16_t>(c);
  return push(inst);
}

int Expr::cast(int a, DType to) {
  ExprInst inst;
  inst.op = Op::kCast;
  inst.type = to;
  inst.a = static_cast<int16_t>(a);
  return push(inst);
}

void Expr::store(int output, int a) {
  ExprInst inst;
  inst.op = Op::kStore;
  inst.slot = static_cast<int16_t>(output);
  inst.a = static_cast<int16_t>(a);
  push(inst);
}

void Expr::verify(int inputs, int outputs) const {
  if (code.size() > kMaxCode) throw Error(Code::kInvalid, "an expression that is too long");
  std::vector<bool> stored(static_cast<size_t>(std::max(outputs, 0)));
  for (size_t k = 0; k < code.size(); ++k) {
    check_instruction(*this, k, inputs, outputs);
    if (code[k].op != Op::kStore) continue;
    const auto slot = static_cast<size_t>(code[k].slot);
    if (stored[slot]) bad(k, "out" + std::to_string(slot) + " is stored twice");
    stored[slot] = true;
  }
}

std::vector<int> Expr::loads() const {
  std::vector<int> slots;
  for (const ExprInst& inst : code)
    if (inst.op == Op::kLoad) slots.push_back(inst.slot);
  std::sort(slots.begin(), slots.end());
  slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
  return slots;
}

void Expr::remap_loads(const std::vector<int>& map) {
  for (ExprInst& inst : code)
    if (inst.op == Op::kLoad)
      inst.slot = static_cast<int16_t>(map.at(static_cast<size_t>(inst.slot)));
}

double evaluate_scalar(const Expr& expr, double acc, std::span<const double> loads, int output) {
  std::vector<double> r(expr.code.size());
  const auto get = [&](int16_t k) { return k >= 0 ? r[static_cast<size_t>(k)] : 0.0; };
  double result = acc;
  for (size_t k = 0; k < expr.code.size(); ++k) {
    const ExprInst& inst = expr.code[k];
    if (inst.op == Op::kAcc)
      r[k] = acc;
    else if (inst.op == Op::kLoad)
      r[k] = loads[static_cast<size_t>(inst.slot)];
    else if (inst.op == Op::kConst)
      r[k] = inst.imm;
    else if (inst.op == Op::kStore && inst.slot == output)
      result = get(inst.a);
    else
      with_scalar_op(inst, [&](auto f) { r[k] = f(get(inst.a), get(inst.b), get(inst.c)); });
  }
  return result;
}

}  // namespace tenfold
