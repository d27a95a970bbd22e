// Dim: construction, canonical form, evaluation.
#include <algorithm>
#include <climits>

#include "src/base/checked.h"
#include "src/type/dim_expr.h"

namespace tenfold {
namespace {

constexpr std::string_view kFnNames[] = {"", "floordiv", "ceildiv", "min", "max", "mod"};

[[noreturn]] void too_large() {
  throw Error(Code::kResource, "a dimension's expression is too large");
}

void append(std::string& text, std::string_view more) {
  if (text.size() + more.size() > kMaxDimText) too_large();
  text += more;
}

Monomial product(const Monomial& a, const Monomial& b) {
  Monomial m;
  m.atoms.resize(a.atoms.size() + b.atoms.size());
  if (m.atoms.size() > kMaxDimDegree) too_large();
  std::merge(a.atoms.begin(), a.atoms.end(), b.atoms.begin(), b.atoms.end(), m.atoms.begin(),
             [](const AtomPtr& x, const AtomPtr& y) { return x->text < y->text; });
  for (const AtomPtr& atom : m.atoms) {
    if (!m.text.empty()) append(m.text, "*");
    append(m.text, atom->text);
  }
  return m;
}

bool before(const DimTerm& a, const DimTerm& b) {
  const size_t da = a.monomial.atoms.size(), db = b.monomial.atoms.size();
  return da != db ? da > db : a.monomial.text < b.monomial.text;
}

std::string text_of(const Polynomial& terms) {
  std::string text;
  for (const DimTerm& t : terms) {
    const int64_t c = t.coefficient;
    if (c >= 0 && !text.empty()) append(text, "+");
    if (t.monomial.atoms.empty()) {
      append(text, std::to_string(c));
    } else {
      if (c == -1)
        append(text, "-");
      else if (c != 1)
        append(text, std::to_string(c) + "*");
      append(text, t.monomial.text);
    }
  }
  return text;
}

int64_t eval_atom(const Atom& atom, const SymbolValues& values) {
  if (atom.fn != DimFn::kSymbol) return apply(atom.fn, atom.a.eval(values), atom.b.eval(values));
  const int64_t* value = values.find(atom.text);
  if (!value) throw Error(Code::kNotFound, "the dimension '" + atom.text + "' has no value");
  return *value;
}

// Visits atoms depth first, functions after their arguments' symbols.
template <typename Visit>
void each_symbol(const Dim& d, const Visit& visit) {
  const Dim::Expr* e = DimOps::expr(d);
  if (!e) return;
  for (const DimTerm& t : e->terms)
    for (const AtomPtr& atom : t.monomial.atoms) {
      if (atom->fn == DimFn::kSymbol) visit(atom->text);
      each_symbol(atom->a, visit);
      each_symbol(atom->b, visit);
    }
}

}  // namespace

void SymbolValues::set(std::string_view name, int64_t value) {
  for (auto& [key, held] : list_)
    if (key == name) {
      held = value;
      return;
    }
  list_.emplace_back(name, value);
}

const int64_t* SymbolValues::find(std::string_view name) const {
  for (const auto& [key, held] : list_)
    if (key == name) return &held;
  return nullptr;
}

Dim DimOps::make(Polynomial terms) {
  std::sort(terms.begin(), terms.end(), before);
  Polynomial merged;
  for (DimTerm& t : terms) {
    if (!merged.empty() && merged.back().monomial.text == t.monomial.text)
      merged.back().coefficient = checked_add(merged.back().coefficient, t.coefficient);
    else
      merged.push_back(std::move(t));
  }
  std::erase_if(merged, [](const DimTerm& t) { return t.coefficient == 0; });
  if (merged.empty()) return Dim(0);
  if (merged.size() == 1 && merged[0].monomial.atoms.empty()) return Dim(merged[0].coefficient);
  if (merged.size() > kMaxDimTerms) too_large();
  auto e = std::make_shared<Dim::Expr>();
  e->text = text_of(merged);
  for (const DimTerm& t : merged)
    for (const AtomPtr& atom : t.monomial.atoms) e->depth = std::max(e->depth, atom->depth);
  e->terms = std::move(merged);
  return Dim(std::shared_ptr<const Dim::Expr>(std::move(e)));
}

Polynomial DimOps::terms(const Dim& d) {
  if (d.expr_) return d.expr_->terms;
  if (d.value_ == 0) return {};
  return {{{}, d.value_}};
}

Dim DimOps::function(DimFn fn, const Dim& a, const Dim& b) {
  auto atom = std::make_shared<Atom>();
  atom->fn = fn;
  append(atom->text, kFnNames[static_cast<size_t>(fn)]);
  append(atom->text, "(" + a.str());
  append(atom->text, "," + b.str() + ")");
  atom->a = a;
  atom->b = b;
  const auto depth = [](const Dim& d) { return d.expr_ ? d.expr_->depth : 0; };
  atom->depth = 1 + std::max(depth(a), depth(b));
  if (atom->depth > kMaxDimDepth)
    throw Error(Code::kResource, "a dimension's functions are nested more than " +
                                     std::to_string(kMaxDimDepth) + " deep");
  std::string text = atom->text;
  return make({{{{std::move(atom)}, std::move(text)}, 1}});
}

Dim Dim::symbol(std::string_view name) {
  const bool taken =
      std::find(std::begin(kFnNames), std::end(kFnNames), name) != std::end(kFnNames);
  if (!is_identifier(name) || taken || name.size() > 128)
    throw Error(Code::kInvalid, "not a name for a dimension: " + quote(name.substr(0, 128)));
  auto atom = std::make_shared<Atom>();
  atom->text = name;
  return DimOps::make({{{{std::move(atom)}, std::string(name)}, 1}});
}

int64_t Dim::value() const {
  if (expr_) throw Error(Code::kInternal, "the dimension " + expr_->text + " is not a number");
  return value_;
}

std::string Dim::str() const { return expr_ ? expr_->text : std::to_string(value_); }

int64_t Dim::eval(const SymbolValues& values) const {
  if (!expr_) return value_;
  int64_t sum = 0;
  for (const DimTerm& t : expr_->terms) {
    int64_t term = t.coefficient;
    for (const AtomPtr& atom : t.monomial.atoms) term = checked_mul(term, eval_atom(*atom, values));
    sum = checked_add(sum, term);
  }
  return sum;
}

void Dim::collect_symbols(std::vector<std::string>& names) const {
  each_symbol(*this, [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  });
}

Dim Dim::substitute(std::string_view symbol, const Dim& by) const {
  if (!expr_) return *this;
  Dim sum = 0;
  for (const DimTerm& t : expr_->terms) {
    Dim term = t.coefficient;
    for (const AtomPtr& atom : t.monomial.atoms) {
      if (atom->fn == DimFn::kSymbol)
        term = term * (atom->text == symbol ? by : Dim::symbol(atom->text));
      else
        term =
            term * apply(atom->fn, atom->a.substitute(symbol, by), atom->b.substitute(symbol, by));
    }
    sum = sum + term;
  }
  return sum;
}

Dim operator+(const Dim& a, const Dim& b) {
  if (a.is_const() && b.is_const()) return checked_add(a.value_, b.value_);
  Polynomial terms = DimOps::terms(a);
  for (DimTerm& t : DimOps::terms(b)) terms.push_back(std::move(t));
  return DimOps::make(std::move(terms));
}

Dim operator*(const Dim& a, const Dim& b) {
  if (a.is_const() && b.is_const()) return checked_mul(a.value_, b.value_);
  const Polynomial left = DimOps::terms(a), right = DimOps::terms(b);
  if (left.size() * right.size() > kMaxDimTerms * 4) too_large();
  Polynomial terms;
  for (const DimTerm& x : left)
    for (const DimTerm& y : right)
      terms.push_back({product(x.monomial, y.monomial), checked_mul(x.coefficient, y.coefficient)});
  return DimOps::make(std::move(terms));
}

Dim operator-(const Dim& a, const Dim& b) {
  if (a.is_const() && b.is_const()) return checked_sub(a.value_, b.value_);
  Polynomial terms = DimOps::terms(a);
  for (DimTerm& t : DimOps::terms(b)) {
    t.coefficient = checked_sub(0, t.coefficient);
    terms.push_back(std::move(t));
  }
  return DimOps::make(std::move(terms));
}

bool operator==(const Dim& a, const Dim& b) {
  if (a.expr_ == b.expr_) return a.expr_ || a.value_ == b.value_;
  return a.expr_ && b.expr_ && a.expr_->text == b.expr_->text;
}

}  // namespace tenfold
