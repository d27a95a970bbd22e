#include "backends/cuda/gen/expr.h"

#include <cmath>

#include "src/base/scanner.h"

namespace tenfold::cuda {
namespace {

std::string reg(int k) { return "t" + std::to_string(k); }

std::string number(double value) {
  if (std::isnan(value)) return "(real)__int_as_float(0x7fffffff)";
  if (std::isinf(value))
    return value > 0 ? "(real)__int_as_float(0x7f800000)" : "(real)__int_as_float(0xff800000)";
  return "(real)(" + shortest_real(value) + ")";
}

std::string cast_code(DType type, const std::string& a) {
  switch (type) {
    case DType::kF32: return "(real)(float)" + a;
    case DType::kF16: return "round_f16<real>(" + a + ")";
    case DType::kBF16: return "round_bf16<real>(" + a + ")";
    case DType::kBool: return "(" + a + " != (real)0 ? (real)1 : (real)0)";
    case DType::kF64: return a;
    default: return "widen<real>(narrow<" + device_type(type) + ">(" + a + "))";
  }
}

std::string truth(const std::string& condition) {
  return "(" + condition + ") ? (real)1 : (real)0";
}

std::string code_of(const ExprInst& i) {
  const std::string a = i.a >= 0 ? reg(i.a) : "", b = i.b >= 0 ? reg(i.b) : "",
                    c = i.c >= 0 ? reg(i.c) : "";
  const std::string zero = "(real)0", one = "(real)1";
  switch (i.op) {
    case ExprOp::kAcc: return "acc" + std::to_string(i.slot) + "[v]";
    case ExprOp::kLoad: return "l" + std::to_string(i.slot) + "[v]";
    case ExprOp::kConst: return number(i.imm);
    case ExprOp::kStore: return "";
    case ExprOp::kCast: return cast_code(i.type, a);
    case ExprOp::kAdd: return a + " + " + b;
    case ExprOp::kSub: return a + " - " + b;
    case ExprOp::kMul: return a + " * " + b;
    case ExprOp::kDiv: return a + " / " + b;
    // A comparison with NaN is false: either operand's NaN survives.
    case ExprOp::kMax: return a + " != " + a + " || " + a + " > " + b + " ? " + a + " : " + b;
    case ExprOp::kMin: return a + " != " + a + " || " + a + " < " + b + " ? " + a + " : " + b;
    case ExprOp::kPow: return "pow(" + a + ", " + b + ")";
    case ExprOp::kMod: return "floor_mod(" + a + ", " + b + ")";
    case ExprOp::kNeg: return "-" + a;
    case ExprOp::kAbs: return "fabs(" + a + ")";
    case ExprOp::kExp: return "exp(" + a + ")";
    case ExprOp::kLog: return "log(" + a + ")";
    case ExprOp::kSqrt: return "sqrt(" + a + ")";
    case ExprOp::kRsqrt: return one + " / sqrt(" + a + ")";
    case ExprOp::kReciprocal: return one + " / " + a;
    case ExprOp::kSigmoid: return one + " / (" + one + " + exp(-" + a + "))";
    case ExprOp::kTanh: return "tanh(" + a + ")";
    case ExprOp::kErf: return "erf(" + a + ")";
    case ExprOp::kFloor: return "floor(" + a + ")";
    case ExprOp::kCeil: return "ceil(" + a + ")";
    case ExprOp::kRound: return "rint(" + a + ")";
    case ExprOp::kSign:
      return a + " > " + zero + " ? " + one + " : " + a + " < " + zero + " ? -" + one + " : " + a;
    case ExprOp::kSoftplus:
      return "(" + a + " > " + zero + " ? " + a + " : " + zero + ") + log1p(exp(-fabs(" + a + ")))";
    case ExprOp::kSin: return "sin(" + a + ")";
    case ExprOp::kCos: return "cos(" + a + ")";
    case ExprOp::kNot: return truth(a + " == " + zero);
    case ExprOp::kIsNaN: return truth(a + " != " + a);
    case ExprOp::kRelu: return a + " < " + zero + " ? " + zero + " : " + a;
    case ExprOp::kLeakyRelu:
      return a + " < " + zero + " ? " + number(i.imm) + " * " + a + " : " + a;
    case ExprOp::kElu:
      return a + " < " + zero + " ? " + number(i.imm) + " * expm1(" + a + ") : " + a;
    case ExprOp::kClip:
      if (i.imm > i.imm2) return a + " != " + a + " ? " + a + " : " + number(i.imm2);
      return a + " < " + number(i.imm) + " ? " + number(i.imm) + " : " + a + " > " +
             number(i.imm2) + " ? " + number(i.imm2) + " : " + a;
    case ExprOp::kPRelu: return a + " < " + zero + " ? " + b + " * " + a + " : " + a;
    case ExprOp::kEqual: return truth(a + " == " + b);
    case ExprOp::kLess: return truth(a + " < " + b);
    case ExprOp::kLessEqual: return truth(a + " <= " + b);
    case ExprOp::kGreater: return truth(a + " > " + b);
    case ExprOp::kGreaterEqual: return truth(a + " >= " + b);
    case ExprOp::kAnd: return truth(a + " != " + zero + " && " + b + " != " + zero);
    case ExprOp::kOr: return truth(a + " != " + zero + " || " + b + " != " + zero);
    case ExprOp::kXor: return truth("(" + a + " != " + zero + ") != (" + b + " != " + zero + ")");
    case ExprOp::kSelect: return a + " != " + zero + " ? " + b + " : " + c;
    case ExprOp::kQuantize:
      return cast_code(i.type,
                       "(rint(" + a + " / " + number(i.imm) + ") + " + number(i.imm2) + ")");
    case ExprOp::kDequantize: return "(" + a + " - " + number(i.imm2) + ") * " + number(i.imm);
  }
  return "";
}

}  // namespace

std::string device_type(DType type) {
  switch (type) {
    case DType::kF64: return "double";
    case DType::kF32: return "float";
    case DType::kF16: return "f16_t";
    case DType::kBF16: return "bf16_t";
    case DType::kI8: return "i8_t";
    case DType::kU8: return "u8_t";
    case DType::kI16: return "i16_t";
    case DType::kU16: return "u16_t";
    case DType::kI32: return "i32_t";
    case DType::kU32: return "u32_t";
    case DType::kI64: return "i64_t";
    case DType::kU64: return "u64_t";
    case DType::kBool: return "bool_t";
    default: return "";
  }
}

int device_bytes(DType type) {
  switch (type) {
    case DType::kF64:
    case DType::kI64:
    case DType::kU64: return 8;
    case DType::kF32:
    case DType::kI32:
    case DType::kU32: return 4;
    case DType::kF16:
    case DType::kBF16:
    case DType::kI16:
    case DType::kU16: return 2;
    default: return 1;
  }
}

bool needs_double(DType type) {
  return type == DType::kF64 || type == DType::kI32 || type == DType::kU32 || type == DType::kI64 ||
         type == DType::kU64;
}

std::string expr_code(const Expr& expr, const std::string& indent) {
  if (expr.empty()) return indent + "r0[v] = acc0[v];\n";
  std::string text;
  for (size_t k = 0; k < expr.code.size(); ++k) {
    const ExprInst& inst = expr.code[k];
    if (inst.op == ExprOp::kStore)
      text += indent + "r" + std::to_string(inst.slot) + "[v] = " + reg(inst.a) + ";\n";
    else
      text += indent + "const real " + reg(static_cast<int>(k)) + " = " + code_of(inst) + ";\n";
  }
  return text;
}

std::string expr_refusal(const Expr& expr) {
  for (const ExprInst& inst : expr.code) {
    if ((inst.op == ExprOp::kCast || inst.op == ExprOp::kQuantize) &&
        device_type(inst.type).empty())
      return "its Expr casts to " + std::string(to_string(inst.type));
  }
  return {};
}

}  // namespace tenfold::cuda
