// Problem: the one-line text form, hash, and binding of symbols.
#include "tenfold/problem.h"

#include <algorithm>

#include "src/base/hash.h"
#include "src/type/text.h"

namespace tenfold {
namespace {

constexpr size_t kMaxSymbols = 256;

std::string join(const std::vector<Operand>& operands) {
  std::string text;
  for (const Operand& o : operands) text += (text.empty() ? "" : ", ") + o.str();
  return text;
}

// The number of anchor inputs where the text does not say it: those before the first that the Expr
// loads.
int usual_anchor_inputs(const Problem& p) {
  if (p.op == "Pointwise") return 0;
  const std::vector<int> loads = p.expr.loads();
  const int all = static_cast<int>(p.inputs.size());
  return loads.empty() ? all : std::min(loads.front(), all);
}

std::vector<Operand> read_operands(Scanner& in, char close) {
  std::vector<Operand> operands;
  if (close && in.peek() == close) return operands;
  do {
    if (operands.size() == Problem::kMaxOperands)
      in.fail("more than " + std::to_string(Problem::kMaxOperands) + " operands");
    operands.push_back(read_operand(in));
  } while (in.accept(','));
  return operands;
}

// "compute=f32 acc=f32 anchor=2 closed".
void read_flags(Scanner& in, Problem& p) {
  for (;;) {
    if (in.accept_word("compute")) {
      in.expect('=');
      p.compute = read_dtype(in);
    } else if (in.accept_word("acc")) {
      in.expect('=');
      p.accumulate = read_dtype(in);
    } else if (in.accept_word("anchor")) {
      in.expect('=');
      const int64_t count = in.integer();
      if (count < 0 || count > static_cast<int64_t>(p.inputs.size()))
        in.fail("no such number of inputs");
      p.anchor_inputs = static_cast<int>(count);
    } else if (in.accept_word("closed")) {
      p.closed = true;
    } else {
      return;
    }
  }
}

// "N in 0..64 at 1, M in 1..8 at 4 counted".
void read_symbols(Scanner& in, Problem& p) {
  do {
    if (p.symbols.size() == kMaxSymbols) in.fail("more than 256 symbols");
    Symbol s;
    s.name = in.expect_identifier("a symbol");
    if (!in.accept_word("in")) in.fail("expected 'in'");
    s.min = in.integer();
    in.expect("..");
    s.max = in.integer();
    s.tune = s.max;
    if (in.accept_word("at")) s.tune = in.integer();
    s.data_dependent = in.accept_word("counted");
    p.symbols.push_back(std::move(s));
  } while (in.accept(','));
  std::sort(p.symbols.begin(), p.symbols.end(),
            [](const Symbol& a, const Symbol& b) { return a.name < b.name; });
}

}  // namespace

std::string Problem::str() const {
  std::string text = op + "(" + join(inputs) + ")";
  if (!attrs.empty()) text += " " + attrs.str();
  if (!expr.empty()) text += " " + expr.str();
  text += " -> " + join(outputs);
  text += " | compute=" + std::string(to_string(compute)) +
          " acc=" + std::string(to_string(accumulate));
  if (anchor_inputs != usual_anchor_inputs(*this))
    text += " anchor=" + std::to_string(anchor_inputs);
  if (closed) text += " closed";
  for (size_t k = 0; k < symbols.size(); ++k) {
    const Symbol& s = symbols[k];
    text += (k ? ", " : " | ") + s.name + " in " + std::to_string(s.min) + ".." +
            std::to_string(s.max) + " at " + std::to_string(s.tune);
    if (s.data_dependent) text += " counted";
  }
  return text;
}

Problem Problem::parse(std::string_view text) {
  Scanner in(text, "a problem");
  Problem p;
  p.op = in.expect_identifier("an op");
  in.expect('(');
  p.inputs = read_operands(in, ')');
  in.expect(')');
  p.attrs = parse_attrs(in);
  p.expr = read_expr(in);
  in.expect("->");
  p.outputs = read_operands(in, '\0');
  p.anchor_inputs = usual_anchor_inputs(p);
  if (in.accept('|')) read_flags(in, p);
  if (in.accept('|')) read_symbols(in, p);
  in.expect_end();
  p.verify();
  return p;
}

uint64_t Problem::hash() const { return hash64(str()); }

SymbolValues Problem::tuning() const {
  SymbolValues values;
  for (const Symbol& s : symbols) values.set(s.name, s.tune);
  return values;
}

SymbolValues Problem::largest() const {
  SymbolValues values;
  for (const Symbol& s : symbols) values.set(s.name, s.max);
  return values;
}

Problem Problem::bind(const SymbolValues& values) const {
  Problem bound = *this;
  bound.symbols.clear();
  for (std::vector<Operand>* operands : {&bound.inputs, &bound.outputs})
    for (Operand& o : *operands) o.dims = to_shape(eval(o.dims, values));
  bound.verify();
  return bound;
}

}  // namespace tenfold
