// The canonical form of symbolic dimensions: polynomials over atoms, an atom being a symbol or a
// function of two dims. Equal polynomials have equal text.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "src/base/scanner.h"
#include "tenfold/type.h"

namespace tenfold {

struct Atom;
using AtomPtr = std::shared_ptr<const Atom>;

// coefficient * product of atoms, sorted by text; no atoms: the constant term.
struct Monomial {
  std::vector<AtomPtr> atoms;
  std::string text;  // "H*N"
};
struct DimTerm {
  Monomial monomial;
  int64_t coefficient = 0;
};
// Sorted: higher degree first, then by text; no zero coefficients.
using Polynomial = std::vector<DimTerm>;

enum class DimFn : uint8_t { kSymbol, kFloorDiv, kCeilDiv, kMin, kMax, kMod };

struct Atom {
  DimFn fn = DimFn::kSymbol;
  std::string text;
  Dim a, b;        // of functions
  int depth = 0;   // functions inside each other
};

struct Dim::Expr {
  Polynomial terms;
  std::string text;
  int depth = 0;
};

// Limits that keep hostile texts cheap. Error{kResource} beyond.
inline constexpr size_t kMaxDimTerms = 256;
inline constexpr size_t kMaxDimDegree = 16;
inline constexpr size_t kMaxDimText = 4096;
inline constexpr int kMaxDimDepth = 32;

struct DimOps {
  static Dim make(Polynomial terms);         // sorted and merged here
  static Polynomial terms(const Dim& d);
  static const Dim::Expr* expr(const Dim& d) { return d.expr_.get(); }
  static Dim function(DimFn fn, const Dim& a, const Dim& b);  // an atom as it is
};

Dim apply(DimFn fn, const Dim& a, const Dim& b);
int64_t apply(DimFn fn, int64_t a, int64_t b);
// Reads a Dim from the middle of a text.
Dim parse_dim(Scanner& in);
// Reads dims separated by commas up to (not including) `close`.
Shape parse_dims(Scanner& in, char close);

}  // namespace tenfold
