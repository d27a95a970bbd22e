// Functions of dims, simplified where that holds for every value of the symbols (and for divisions,
// wherever the divisor is not zero).
#include <algorithm>
#include <numeric>
#include <optional>

#include "src/base/checked.h"
#include "src/type/dim_expr.h"

namespace tenfold {
namespace {

bool same_monomial(const Monomial& a, const Monomial& b) { return a.text == b.text; }

// The atoms of `a` without those of `b`, if `a` has them all.
std::optional<Monomial> divide(const Monomial& a, const Monomial& b) {
  Monomial m;
  size_t k = 0;
  for (const AtomPtr& atom : a.atoms) {
    if (k < b.atoms.size() && atom->text == b.atoms[k]->text) {
      ++k;
      continue;
    }
    m.atoms.push_back(atom);
    m.text += (m.text.empty() ? "" : "*") + atom->text;
  }
  if (k != b.atoms.size()) return std::nullopt;
  return m;
}

// a / b if b divides a: a single term dividing every term, or b a multiple of a's polynomial.
std::optional<Dim> exact_quotient(const Dim& a, const Dim& b) {
  const Polynomial top = DimOps::terms(a), bottom = DimOps::terms(b);
  if (bottom.empty()) return std::nullopt;
  if (bottom.size() == 1) {
    Polynomial result;
    for (const DimTerm& t : top) {
      const auto m = divide(t.monomial, bottom[0].monomial);
      if (!m || bottom[0].coefficient == -1 || t.coefficient % bottom[0].coefficient != 0)
        return std::nullopt;
      result.push_back({*m, t.coefficient / bottom[0].coefficient});
    }
    return DimOps::make(std::move(result));
  }
  if (top.size() != bottom.size() || bottom[0].coefficient == -1 ||
      top[0].coefficient % bottom[0].coefficient != 0)
    return std::nullopt;
  const int64_t factor = top[0].coefficient / bottom[0].coefficient;
  for (size_t k = 0; k < top.size(); ++k) {
    int64_t scaled = 0;
    if (!same_monomial(top[k].monomial, bottom[k].monomial) ||
        __builtin_mul_overflow(bottom[k].coefficient, factor, &scaled) ||
        scaled != top[k].coefficient)
      return std::nullopt;
  }
  return Dim(factor);
}

// Splits a = q * divisor + r with r's coefficients in [0, divisor).
void split(const Dim& a, int64_t divisor, Polynomial& q, Polynomial& r) {
  for (const DimTerm& t : DimOps::terms(a)) {
    const int64_t whole = checked_floor_div(t.coefficient, divisor);
    const int64_t rest = checked_floor_mod(t.coefficient, divisor);
    if (whole) q.push_back({t.monomial, whole});
    if (rest) r.push_back({t.monomial, rest});
  }
}

// floor((floor(x / m) + rest) / d) = floor((x + m * rest) / (m * d)) for m, d > 0: keeps the sizes
// of long chains of strided layers flat.
std::optional<Dim> merge_floor_div(const Dim& a, int64_t divisor) {
  const Polynomial terms = DimOps::terms(a);
  for (const DimTerm& t : terms) {
    if (t.coefficient != 1 || t.monomial.atoms.size() != 1) continue;
    const Atom& atom = *t.monomial.atoms[0];
    if (atom.fn != DimFn::kFloorDiv || !atom.b.is_const() || atom.b.value() <= 0) continue;
    int64_t joined = 0;
    if (__builtin_mul_overflow(atom.b.value(), divisor, &joined)) return std::nullopt;
    Polynomial rest;
    for (const DimTerm& other : terms)
      if (&other != &t) rest.push_back(other);
    return floor_div(atom.a + DimOps::make(std::move(rest)) * atom.b, Dim(joined));
  }
  return std::nullopt;
}

Dim floor_div_number(const Dim& a, int64_t divisor) {
  if (divisor == 1) return a;
  Polynomial whole, rest;
  split(a, divisor, whole, rest);
  const Dim q = DimOps::make(std::move(whole));
  // Dividing everything by the common factor of the symbolic terms loses only a fraction below 1.
  int64_t common = divisor;
  for (const DimTerm& t : rest)
    if (!t.monomial.atoms.empty()) common = std::gcd(common, t.coefficient);
  if (common == divisor) return q;  // only a number below the divisor is left
  for (DimTerm& t : rest) t.coefficient /= common;
  std::erase_if(rest, [](const DimTerm& t) { return t.coefficient == 0; });
  const Dim inner = DimOps::make(std::move(rest));
  if (auto merged = merge_floor_div(inner, divisor / common)) return q + *merged;
  return q + DimOps::function(DimFn::kFloorDiv, inner, divisor / common);
}

Dim extreme(DimFn fn, const Dim& a, const Dim& b) {
  const Dim difference = a - b;
  if (difference.is_const()) return (difference.value() >= 0) == (fn == DimFn::kMax) ? a : b;
  return a.str() <= b.str() ? DimOps::function(fn, a, b) : DimOps::function(fn, b, a);
}

}  // namespace

int64_t apply(DimFn fn, int64_t a, int64_t b) {
  switch (fn) {
    case DimFn::kFloorDiv: return checked_floor_div(a, b);
    case DimFn::kCeilDiv:
      return checked_add(checked_floor_div(a, b), checked_floor_mod(a, b) != 0 ? 1 : 0);
    case DimFn::kMin: return std::min(a, b);
    case DimFn::kMax: return std::max(a, b);
    case DimFn::kMod: return checked_floor_mod(a, b);
    case DimFn::kSymbol: break;
  }
  return 0;
}

Dim apply(DimFn fn, const Dim& a, const Dim& b) {
  switch (fn) {
    case DimFn::kFloorDiv: return floor_div(a, b);
    case DimFn::kCeilDiv: return ceil_div(a, b);
    case DimFn::kMin: return min(a, b);
    case DimFn::kMax: return max(a, b);
    case DimFn::kMod: return mod(a, b);
    case DimFn::kSymbol: break;
  }
  return a;
}

Dim floor_div(const Dim& a, const Dim& b) {
  if (b.is_const() && b.value() == 0) throw Error(Code::kInvalid, "a dimension is divided by zero");
  if (a.is_const() && b.is_const()) return apply(DimFn::kFloorDiv, a.value(), b.value());
  if (b.is_const() && b.value() > 0) return floor_div_number(a, b.value());
  if (auto quotient = exact_quotient(a, b)) return *quotient;
  return DimOps::function(DimFn::kFloorDiv, a, b);
}

Dim ceil_div(const Dim& a, const Dim& b) {
  if (b.is_const() && b.value() == 0) throw Error(Code::kInvalid, "a dimension is divided by zero");
  if (a.is_const() && b.is_const()) return apply(DimFn::kCeilDiv, a.value(), b.value());
  if (b.is_const() && b.value() > 0) return floor_div(a + Dim(b.value() - 1), b);
  if (auto quotient = exact_quotient(a, b)) return *quotient;
  return DimOps::function(DimFn::kCeilDiv, a, b);
}

Dim mod(const Dim& a, const Dim& b) {
  if (b.is_const() && b.value() == 0) throw Error(Code::kInvalid, "a dimension is divided by zero");
  if (a.is_const() && b.is_const()) return apply(DimFn::kMod, a.value(), b.value());
  if (exact_quotient(a, b)) return 0;
  if (!b.is_const() || b.value() < 0) return DimOps::function(DimFn::kMod, a, b);
  Polynomial whole, rest;
  split(a, b.value(), whole, rest);
  const Dim inner = DimOps::make(std::move(rest));
  if (inner.is_const()) return inner;
  return DimOps::function(DimFn::kMod, inner, b);
}

Dim min(const Dim& a, const Dim& b) { return extreme(DimFn::kMin, a, b); }
Dim max(const Dim& a, const Dim& b) { return extreme(DimFn::kMax, a, b); }

}  // namespace tenfold
