// Problem::verify: what every row may rely on.
#include <algorithm>
#include <cmath>

#include "src/base/scanner.h"
#include "src/type/problem_check.h"

namespace tenfold {
namespace {

constexpr size_t kMaxRank = 64;

[[noreturn]] void bad(const std::string& reason) { throw Error(Code::kInvalid, reason); }

void check_symbols(const Problem& p) {
  for (size_t k = 0; k < p.symbols.size(); ++k) {
    const Symbol& s = p.symbols[k];
    if (!is_identifier(s.name)) bad("not a name for a symbol: " + quote(s.name.substr(0, 64)));
    if (k && p.symbols[k - 1].name >= s.name)
      bad("symbols are not sorted, or '" + s.name + "' is declared twice");
    if (s.min < 0 || s.max < s.min || s.tune < s.min || s.tune > s.max)
      bad("symbol '" + s.name + "' has an impossible range");
  }
}

void check_operand(const Problem& p, const Operand& o, const std::string& what) {
  const Format& f = o.format;
  const size_t rank = o.dims.size();
  if (rank > kMaxRank) bad(what + " has more than 64 dimensions");
  if (static_cast<size_t>(f.dtype) >= kDTypeCount || f.dtype == DType::kUndefined)
    bad(what + " has no element type");
  std::vector<std::string> names;
  for (const Dim& d : o.dims) {
    d.collect_symbols(names);
    if (d.is_const() && d.value() < 0) bad(what + " has a negative dimension");
  }
  for (const std::string& name : names) {
    const auto known = [&](const Symbol& s) { return s.name == name; };
    if (std::none_of(p.symbols.begin(), p.symbols.end(), known))
      bad(what + ": the symbol '" + name + "' is not declared");
  }
  const bool needs_axis1 = f.layout.kind == Layout::Kind::kChannelsLast ||
                           f.layout.kind == Layout::Kind::kBlocked || f.layout.pad > 1 ||
                           f.enclosing > 0;
  if (needs_axis1 && rank < 2) bad(what + ": format " + f.str() + " needs two axes or more");
  if (f.layout.kind > Layout::Kind::kOpaque || f.layout.pad < 1 || f.layout.pad > 4096 ||
      f.layout.block < 0 || f.layout.block > 4096 ||
      (f.layout.kind == Layout::Kind::kBlocked) != (f.layout.block > 0))
    bad(what + " has an impossible layout");
  if (f.enclosing < 0 ||
      (f.enclosing > 0 && o.dims[1].is_const() && o.dims[1].value() > f.enclosing))
    bad(what + " is larger than the buffer that encloses it");
  if (!std::isfinite(f.scale) || f.scale < 0) bad(what + " has an impossible scale");
}

// Whether `from` broadcasts to `to`, numpy-style.
bool broadcasts(const Extents& from, const Extents& to) {
  if (from.size() > to.size()) return false;
  const size_t shift = to.size() - from.size();
  for (size_t k = 0; k < from.size(); ++k)
    if (from[k] != 1 && from[k] != to[k + shift]) return false;
  return true;
}

void check_expr(const Problem& p) {
  p.expr.verify(static_cast<int>(p.inputs.size()), static_cast<int>(p.outputs.size()));
  const bool pointwise = p.op == "Pointwise";
  if (pointwise && p.anchor_inputs != 0) bad("a Pointwise problem has no anchor");
  if (pointwise && p.expr.empty()) bad("a Pointwise problem without an expression");
  if (p.expr.empty()) return;
  std::vector<bool> stored(p.outputs.size());
  for (const ExprInst& inst : p.expr.code) {
    if (inst.op == ExprOp::kAcc && pointwise) bad("a Pointwise problem has no accumulator");
    if (inst.op == ExprOp::kStore) stored[static_cast<size_t>(inst.slot)] = true;
  }
  if (std::find(stored.begin(), stored.end(), false) != stored.end())
    bad("the expression does not store every output");
}

}  // namespace

void check_sizes(const Problem& p, const SymbolValues& values) {
  std::vector<Extents> inputs, outputs;
  for (const Operand& o : p.inputs) inputs.push_back(eval(o.dims, values));
  for (const Operand& o : p.outputs) outputs.push_back(eval(o.dims, values));
  const auto check_extents = [&](const Operand& o, const Extents& e) {
    (void)element_count(e);  // throws on negatives and overflow
    if (o.format.enclosing > 0 && e[1] > o.format.enclosing)
      bad("operand " + o.str() + " is larger than the buffer that encloses it");
  };
  for (size_t k = 0; k < inputs.size(); ++k) check_extents(p.inputs[k], inputs[k]);
  for (size_t k = 0; k < outputs.size(); ++k) check_extents(p.outputs[k], outputs[k]);
  for (const int slot : p.expr.loads())
    if (!broadcasts(inputs[static_cast<size_t>(slot)], outputs[0]))
      bad("in" + std::to_string(slot) + " does not broadcast to the output");
  if (!p.expr.empty())
    for (size_t k = 1; k < outputs.size(); ++k)
      if (outputs[k] != outputs[0]) bad("outputs of an expression differ in shape");
  check_op(p, inputs, outputs);
}

void Problem::verify() const {
  if (!is_identifier(op)) bad("a problem without an op");
  if (outputs.empty()) bad("a problem without outputs");
  if (inputs.size() > kMaxOperands || outputs.size() > kMaxOperands)
    bad("a problem with more than " + std::to_string(kMaxOperands) + " operands");
  if (anchor_inputs < 0 || static_cast<size_t>(anchor_inputs) > inputs.size())
    bad("a problem with more anchor inputs than inputs");
  for (const DType t : {compute, accumulate})
    if (static_cast<size_t>(t) >= kDTypeCount || t == DType::kUndefined)
      bad("a problem without a type to compute in");
  check_symbols(*this);
  for (size_t k = 0; k < inputs.size(); ++k)
    check_operand(*this, inputs[k], "input " + std::to_string(k));
  for (size_t k = 0; k < outputs.size(); ++k)
    check_operand(*this, outputs[k], "output " + std::to_string(k));
  check_expr(*this);
  check_sizes(*this, tuning());
  if (!symbols.empty()) check_sizes(*this, largest());
}

}  // namespace tenfold
