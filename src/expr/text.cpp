// The text form of Exprs: "t2=mul(acc,in1); out0=relu(t2); out1:f16=t2". Leaves (acc, in2, numbers)
// and registers that are used once stand where they are used; ":type" follows where it is not f32.
#include "src/type/text.h"

#include <algorithm>
#include <map>

#include "src/expr/ops.h"

namespace tenfold {
namespace {

using Op = ExprOp;
constexpr int kMaxNesting = 48;

bool is_leaf(Op op) { return op == Op::kAcc || op == Op::kLoad || op == Op::kConst; }

// ---- printing
// ---------------------------------------------------------------------------------------

class Printer {
 public:
  // `plain`: every register is a statement of its own.
  Printer(const Expr& expr, bool plain)
      : expr_(expr), plain_(plain), uses_(expr.code.size()), depth_(expr.code.size()) {
    for (size_t k = 0; k < expr.code.size(); ++k) {
      const ExprInst& inst = expr.code[k];
      int deepest = 0;
      for (const int16_t r : {inst.a, inst.b, inst.c})
        if (r >= 0 && static_cast<size_t>(r) < k) {
          ++uses_[static_cast<size_t>(r)];
          deepest = std::max(deepest, depth_[static_cast<size_t>(r)]);
        }
      depth_[k] = deepest + 1 >= kMaxNesting ? 0 : deepest + 1;
    }
    // A register at the nesting limit becomes a statement, so its user starts anew.
  }

  std::string print() const {
    std::string text;
    for (size_t k = 0; k < expr_.code.size(); ++k) {
      const ExprInst& inst = expr_.code[k];
      if (inst.op != Op::kStore && inlined(k)) continue;
      if (!text.empty()) text += "; ";
      if (inst.op == Op::kStore)
        text += "out" + std::to_string(inst.slot) + type_suffix(inst) + "=" + operand(inst.a);
      else
        text += "t" + std::to_string(k) + "=" + call(k);
    }
    return text;
  }

 private:
  bool inlined(size_t k) const {
    if (plain_) return false;
    return is_leaf(expr_.code[k].op) ? uses_[k] > 0 : uses_[k] == 1 && depth_[k] != 0;
  }
  static std::string type_suffix(const ExprInst& inst) {
    const bool shown = inst.type != DType::kF32 || inst.op == Op::kCast || inst.op == Op::kQuantize;
    return shown ? ":" + std::string(to_string(inst.type)) : "";
  }
  std::string operand(int16_t r) const {
    const auto k = static_cast<size_t>(r);
    if (r < 0 || k >= expr_.code.size()) return "?";
    return inlined(k) ? call(k) : "t" + std::to_string(k);
  }
  std::string call(size_t k) const {
    const ExprInst& inst = expr_.code[k];
    const std::string type = type_suffix(inst);
    if (inst.op == Op::kAcc) return (inst.slot ? "acc" + std::to_string(inst.slot) : "acc") + type;
    if (inst.op == Op::kLoad) return "in" + std::to_string(inst.slot) + type;
    if (inst.op == Op::kConst) return shortest(inst.imm) + type;
    const ExprOpFacts* facts = expr_op_facts(inst.op);
    if (!facts) return "?";
    std::string text = std::string(facts->name) + type + "(";
    const int16_t operands[] = {inst.a, inst.b, inst.c};
    for (int n = 0; n < facts->arity; ++n) text += (n ? "," : "") + operand(operands[n]);
    if (facts->immediates > 0) text += "," + shortest(inst.imm);
    if (facts->immediates > 1) text += "," + shortest(inst.imm2);
    return text + ")";
  }

  const Expr& expr_;
  bool plain_;
  std::vector<int> uses_;
  std::vector<int> depth_;  // 0: at the nesting limit
};

// ---- reading
// ----------------------------------------------------------------------------------------

class Reader {
 public:
  explicit Reader(Scanner& in) : in_(in) {}

  Expr read() {
    while (at_statement()) {
      statement();
      if (!in_.accept(';')) break;
    }
    return std::move(expr_);
  }

 private:
  // "outN" or a name that is defined, followed by '=' (or ':' and a type).
  bool at_statement() {
    const size_t start = (in_.peek(), in_.position());
    const bool named = !in_.identifier().empty();
    const char next = in_.peek();
    in_.rewind(start);
    return named && (next == '=' || next == ':');
  }

  static bool numbered(std::string_view name, std::string_view prefix, int& number) {
    if (!name.starts_with(prefix)) return false;
    const std::string_view digits = name.substr(prefix.size());
    if (digits.empty() || digits.size() > 4 ||
        digits.find_first_not_of("0123456789") != digits.npos)
      return false;
    number = std::stoi(std::string(digits));
    return true;
  }

  DType type() { return in_.accept(':') ? read_dtype(in_) : DType::kF32; }

  void statement() {
    const std::string name(in_.expect_identifier("a statement"));
    ExprInst store;
    store.op = Op::kStore;
    store.type = type();
    in_.expect('=');
    int output = 0;
    if (numbered(name, "out", output)) {
      store.slot = static_cast<int16_t>(output);
      store.a = static_cast<int16_t>(value(0, false));
      expr_.push(store);
      return;
    }
    if (!numbered(name, "t", output) || registers_.count(name))
      in_.fail("cannot define '" + name + "'");
    registers_[name] = value(0, true);
  }

  // `fresh`: a leaf gets a register of its own even if an equal one exists.
  int value(int depth, bool fresh) {
    if (depth > kMaxNesting) in_.fail("an expression nested too deeply");
    if (in_.at_number() || in_.looking_at("-inf") || in_.looking_at("-nan")) return number(fresh);
    const size_t start = (in_.peek(), in_.position());
    const std::string name(in_.expect_identifier("a value"));
    if (name == "inf" || name == "nan") {
      in_.rewind(start);
      return number(fresh);
    }
    ExprInst inst;
    int slot = 0;
    if (name == "acc" || numbered(name, "acc", slot)) {
      inst.op = Op::kAcc;
    } else if (numbered(name, "in", slot)) {
      inst.op = Op::kLoad;
    } else if (const auto held = registers_.find(name); held != registers_.end()) {
      return held->second;
    } else {
      in_.rewind(start);
      return call(depth);
    }
    inst.slot = static_cast<int16_t>(slot);
    inst.type = type();
    return leaf(inst, fresh);
  }

  int number(bool fresh) {
    ExprInst inst;
    inst.op = Op::kConst;
    inst.imm = in_.number();
    inst.type = type();
    return leaf(inst, fresh);
  }

  int leaf(const ExprInst& inst, bool fresh) {
    const auto same = [&](const ExprInst& held) {
      return held.op == inst.op && held.slot == inst.slot && held.type == inst.type &&
             shortest(held.imm) == shortest(inst.imm);
    };
    const auto it = std::find_if(expr_.code.begin(), expr_.code.end(), same);
    if (!fresh && it != expr_.code.end()) return static_cast<int>(it - expr_.code.begin());
    return expr_.push(inst);
  }

  int call(int depth) {
    const size_t start = in_.position();
    const std::string name(in_.expect_identifier("an operation"));
    const ExprOpFacts* facts = expr_op_by_name(name);
    if (!facts || is_leaf(facts->op) || facts->op == Op::kStore) {
      in_.rewind(start);
      in_.fail("unknown operation or register '" + name.substr(0, 64) + "'");
    }
    ExprInst inst;
    inst.op = facts->op;
    inst.type = type();
    in_.expect('(');
    int16_t* operands[] = {&inst.a, &inst.b, &inst.c};
    for (int k = 0; k < facts->arity; ++k) {
      if (k) in_.expect(',');
      *operands[k] = static_cast<int16_t>(value(depth + 1, false));
    }
    double* numbers[] = {&inst.imm, &inst.imm2};
    for (int k = 0; k < facts->immediates; ++k) {
      in_.expect(',');
      *numbers[k] = in_.number();
    }
    in_.expect(')');
    return expr_.push(inst);
  }

  Scanner& in_;
  Expr expr_;
  std::map<std::string, int, std::less<>> registers_;
};

}  // namespace

std::string Expr::str() const {
  std::string text = Printer(*this, false).print();
  // The short form reads back as another order of instructions if this Expr was not built operand
  // by operand; then every register is spelt out.
  try {
    if (parse(text) == *this) return text;
  } catch (const Error&) {
  }
  return Printer(*this, true).print();
}

Expr Expr::canonical() const {
  std::vector<bool> used(code.size());
  for (size_t k = code.size(); k-- > 0;) {
    if (code[k].op != Op::kStore && !used[k]) continue;
    used[k] = true;
    for (const int16_t r : {code[k].a, code[k].b, code[k].c})
      if (r >= 0) used[static_cast<size_t>(r)] = true;
  }
  Expr live;
  std::vector<int16_t> place(code.size(), -1);
  for (size_t k = 0; k < code.size(); ++k) {
    if (!used[k]) continue;
    ExprInst inst = code[k];
    for (int16_t* r : {&inst.a, &inst.b, &inst.c})
      if (*r >= 0) *r = place[static_cast<size_t>(*r)];
    place[k] = static_cast<int16_t>(live.push(inst));
  }
  return parse(Printer(live, false).print());
}

Expr read_expr(Scanner& in) {
  try {
    return Reader(in).read();
  } catch (const Error& e) {
    if (e.code() == Code::kResource) in.fail(e.what());
    throw;
  }
}

Expr Expr::parse(std::string_view text) {
  Scanner in(text, "an expression");
  Expr expr = read_expr(in);
  in.expect_end();
  expr.verify(INT16_MAX, INT16_MAX);
  return expr;
}

}  // namespace tenfold
