// Element types, symbolic dimensions, shapes and attributes: the vocabulary of every other header.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace tenfold {

// Element types. The numeric values are part of the plan format: never renumber.
enum class DType : uint8_t {
  kUndefined = 0,
  kF64 = 1,
  kF32 = 2,
  kF16 = 3,
  kBF16 = 4,
  kF8E4M3FN = 5,
  kF8E4M3FNUZ = 6,
  kF8E5M2 = 7,
  kF8E5M2FNUZ = 8,
  kF8E8M0 = 9,
  kF4E2M1 = 10,
  kI2 = 11,
  kU2 = 12,
  kI4 = 13,
  kU4 = 14,
  kI8 = 15,
  kU8 = 16,
  kI16 = 17,
  kU16 = 18,
  kI32 = 19,
  kU32 = 20,
  kI64 = 21,
  kU64 = 22,
  kBool = 23,
  kC64 = 24,
  kC128 = 25,
  kString = 26,
  kTF32 = 27,  // a computation type only: f32 storage, 10-bit mantissa products
};
inline constexpr int kDTypeCount = 28;

int bits_of(DType t);                       // 0 for kUndefined and kString
std::string_view to_string(DType t);        // "f32", "u8", "f8e4m3fn", ...
DType parse_dtype(std::string_view name);   // kUndefined when unknown
bool is_float(DType t);
bool is_integer(DType t);                   // bool is not an integer
// Bytes of `count` packed elements (sub-byte types round up); Error{kResource} on overflow.
int64_t bytes_for(DType t, int64_t count);

// One element <-> double, rounding to nearest even, saturating for integers. `index` counts
// elements.
double load_element(DType t, const void* data, int64_t index);
void store_element(DType t, void* data, int64_t index, double value);
// A double rounded to the nearest value of `t` (identity for f64).
double round_to(DType t, double value);

// A set of element types, e.g. the types a value may be stored in.
class TypeSet {
 public:
  constexpr TypeSet() = default;
  TypeSet(std::initializer_list<DType> types) {
    for (DType t : types) insert(t);
  }
  void insert(DType t) { bits_ |= 1u << static_cast<int>(t); }
  bool contains(DType t) const { return (bits_ >> static_cast<int>(t)) & 1u; }
  bool empty() const { return bits_ == 0; }
  uint32_t bits() const { return bits_; }
  static TypeSet from_bits(uint32_t bits) {
    TypeSet s;
    s.bits_ = bits;
    return s;
  }
  bool operator==(const TypeSet&) const = default;

 private:
  uint32_t bits_ = 0;
};

// Concrete extents.
using Extents = std::vector<int64_t>;
// Product in checked arithmetic: Error{kResource} on overflow, Error{kInvalid} on negatives.
int64_t element_count(const Extents& extents);

// Values of symbols at one binding, e.g. {{"N", 8}}. Small; searched linearly.
class SymbolValues {
 public:
  SymbolValues() = default;
  SymbolValues(std::initializer_list<std::pair<std::string, int64_t>> init) : list_(init) {}
  void set(std::string_view name, int64_t value);
  const int64_t* find(std::string_view name) const;  // nullptr: unbound
  const std::vector<std::pair<std::string, int64_t>>& list() const { return list_; }
  bool operator==(const SymbolValues&) const = default;

 private:
  std::vector<std::pair<std::string, int64_t>> list_;
};

// One dimension: a number, a symbol, or an integer expression over symbols. Immutable, cheap to
// copy, kept in canonical form so that equal polynomials compare equal.
//   Dim n = Dim::symbol("N"); (n * 2 + 1).str() == "2*N+1"
class Dim {
 public:
  Dim(int64_t value = 0) : value_(value) {}  // NOLINT: numbers are dimensions
  static Dim symbol(std::string_view name);
  // Reads str()'s form: numbers, names, + - *, floordiv(a,b), ceildiv(a,b), min(a,b), max(a,b),
  // mod(a,b). Error{kInvalid} with the position; nesting is limited to 32.
  static Dim parse(std::string_view text);

  bool is_const() const { return !expr_; }
  int64_t value() const;                                 // Error{kInternal} unless is_const()
  std::string str() const;
  // Error{kNotFound} for an unbound symbol, {kResource} on overflow, {kInvalid} on division by
  // zero.
  int64_t eval(const SymbolValues& values) const;
  void collect_symbols(
      std::vector<std::string>& names) const;  // adds unseen names, first use first
  Dim substitute(std::string_view symbol, const Dim& by) const;

  friend Dim operator+(const Dim& a, const Dim& b);
  friend Dim operator-(const Dim& a, const Dim& b);
  friend Dim operator*(const Dim& a, const Dim& b);
  friend Dim floor_div(const Dim& a, const Dim& b);
  friend Dim ceil_div(const Dim& a, const Dim& b);
  friend Dim min(const Dim& a, const Dim& b);
  friend Dim max(const Dim& a, const Dim& b);
  friend Dim mod(const Dim& a, const Dim& b);
  friend bool operator==(const Dim& a, const Dim& b);

  struct Expr;  // defined in src/type/dim.cpp
 private:
  explicit Dim(std::shared_ptr<const Expr> e) : expr_(std::move(e)) {}
  friend struct DimOps;
  int64_t value_ = 0;
  std::shared_ptr<const Expr> expr_;  // null for numbers
};

using Shape = std::vector<Dim>;
std::string str(const Shape& shape);                       // "N,64,56,56"
Shape parse_shape(std::string_view text);  // without brackets; empty text is a scalar
Extents eval(const Shape& shape, const SymbolValues& values);
Dim element_count(const Shape& shape);
bool is_const(const Shape& shape);
Extents const_extents(const Shape& shape);  // Error{kUnsupported} when symbolic
Shape to_shape(const Extents& extents);

// A symbol's facts: its range, the size that tuning uses, and whether a step computes it at run
// time (then `max` bounds the buffer and the step writes the count).
struct Symbol {
  std::string name;
  int64_t min = 0;
  int64_t max = 64;
  int64_t tune = 1;
  bool data_dependent = false;
  bool operator==(const Symbol&) const = default;
};

// Numpy-style broadcast of two shapes; Error{kInvalid} naming both when they do not fit.
Shape broadcast(const Shape& a, const Shape& b);

enum class ValueKind : uint8_t { kTensor = 0, kSequence = 1, kOptional = 2 };

// The static type of a value.
struct Type {
  ValueKind kind = ValueKind::kTensor;
  DType dtype = DType::kF32;
  Shape shape;
  std::string str() const;  // "f32[N,64,56,56]", "seq(f32[..])", "opt(f32[..])"
  static Type parse(std::string_view text);
  bool operator==(const Type&) const = default;
};

// Attribute values of graph nodes and Problems. Tensors are constants, never attributes.
using Attr = std::variant<int64_t, double, std::string, std::vector<int64_t>, std::vector<double>,
                          std::vector<std::string>>;
// Sorted by name, so equal attributes print and hash alike.
class Attrs {
 public:
  Attrs() = default;
  Attrs(std::initializer_list<std::pair<const std::string, Attr>> init) : map_(init) {}
  void set(const std::string& name, Attr value) { map_[name] = std::move(value); }
  void erase(const std::string& name) { map_.erase(name); }
  bool has(const std::string& name) const { return map_.count(name) != 0; }
  // The named attribute, or `fallback` if absent; Error{kInvalid} if it has another type
  // (an integer serves where a double is asked for).
  int64_t i(const std::string& name, int64_t fallback) const;
  double f(const std::string& name, double fallback) const;
  std::string s(const std::string& name, const std::string& fallback) const;
  std::vector<int64_t> ints(const std::string& name,
                            const std::vector<int64_t>& fallback = {}) const;
  std::vector<double> floats(const std::string& name,
                             const std::vector<double>& fallback = {}) const;
  std::vector<std::string> strings(const std::string& name) const;
  const std::map<std::string, Attr>& map() const { return map_; }
  bool empty() const { return map_.empty(); }
  std::string str() const;  // "{kernel=[2,2], mode=\"x\", alpha=0.1}", "" when empty
  static Attrs parse(std::string_view text);
  bool operator==(const Attrs&) const = default;

 private:
  std::map<std::string, Attr> map_;
};

}  // namespace tenfold
