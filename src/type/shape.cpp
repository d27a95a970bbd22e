// Shapes, and the text forms of dims and types.
#include <algorithm>

#include "src/base/checked.h"
#include "src/type/dim_expr.h"

namespace tenfold {
namespace {

constexpr size_t kMaxRank = 64;

Dim parse_sum(Scanner& in, int depth);

Dim parse_factor(Scanner& in, int depth, bool negative) {
  if (depth > kMaxDimDepth) in.fail("dimensions nested too deeply");
  while (in.accept('-')) negative = !negative;
  const char c = in.peek();
  if (c >= '0' && c <= '9') {
    const uint64_t size = in.magnitude();
    if (!negative && size == uint64_t{1} << 63) in.fail("the number does not fit into 64 bits");
    return static_cast<int64_t>(negative ? uint64_t{0} - size : size);
  }
  Dim result;
  if (in.accept('(')) {
    result = parse_sum(in, depth + 1);
    in.expect(')');
  } else {
    const std::string_view name = in.expect_identifier("a number or a name");
    static constexpr std::pair<std::string_view, DimFn> kFns[] = {{"floordiv", DimFn::kFloorDiv},
                                                                  {"ceildiv", DimFn::kCeilDiv},
                                                                  {"min", DimFn::kMin},
                                                                  {"max", DimFn::kMax},
                                                                  {"mod", DimFn::kMod}};
    const auto* fn = std::find_if(std::begin(kFns), std::end(kFns),
                                  [&](const auto& entry) { return entry.first == name; });
    if (fn == std::end(kFns)) {
      result = Dim::symbol(name);
    } else {
      in.expect('(');
      const Dim a = parse_sum(in, depth + 1);
      in.expect(',');
      const Dim b = parse_sum(in, depth + 1);
      in.expect(')');
      result = apply(fn->second, a, b);
    }
  }
  return negative ? Dim(0) - result : result;
}

Dim parse_sum(Scanner& in, int depth) {
  Dim sum = 0;
  for (bool negative = false;;) {
    Dim term = parse_factor(in, depth, negative);
    while (in.accept('*')) term = term * parse_factor(in, depth, false);
    sum = sum + term;
    if (in.accept('+')) {
      negative = false;
    } else if (in.peek() == '-' && in.peek_raw(1) != '>') {  // "->" follows a Problem's operands
      in.accept('-');
      negative = true;
    } else {
      return sum;
    }
  }
}

}  // namespace

Dim parse_dim(Scanner& in) {
  const size_t start = in.position();
  try {
    return parse_sum(in, 0);
  } catch (const Error& e) {
    if (e.code() == Code::kInvalid && std::string_view(e.what()).starts_with("cannot read")) throw;
    in.rewind(start);
    in.fail(e.what());
  }
}

Shape parse_dims(Scanner& in, char close) {
  Shape shape;
  if (in.peek() == close) return shape;
  do {
    if (shape.size() == kMaxRank) in.fail("more than 64 dimensions");
    shape.push_back(parse_dim(in));
  } while (in.accept(','));
  return shape;
}

Dim Dim::parse(std::string_view text) {
  Scanner in(text, "a dimension");
  Dim d = parse_dim(in);
  in.expect_end();
  return d;
}

std::string str(const Shape& shape) {
  std::string text;
  for (size_t k = 0; k < shape.size(); ++k) text += (k ? "," : "") + shape[k].str();
  return text;
}

Shape parse_shape(std::string_view text) {
  Scanner in(text, "a shape");
  Shape shape = parse_dims(in, '\0');
  in.expect_end();
  return shape;
}

Extents eval(const Shape& shape, const SymbolValues& values) {
  Extents extents;
  extents.reserve(shape.size());
  for (const Dim& d : shape) extents.push_back(d.eval(values));
  return extents;
}

int64_t element_count(const Extents& extents) {
  int64_t count = 1;
  bool zero = false;
  for (const int64_t e : extents) {
    if (e < 0) throw Error(Code::kInvalid, "a dimension is negative: " + std::to_string(e));
    zero = zero || e == 0;
    count = checked_mul(count, std::max<int64_t>(e, 1));  // overflow counts beside a zero, too
  }
  return zero ? 0 : count;
}

Dim element_count(const Shape& shape) {
  Dim count = 1;
  for (const Dim& d : shape) count = count * d;
  return count;
}

bool is_const(const Shape& shape) {
  return std::all_of(shape.begin(), shape.end(), [](const Dim& d) { return d.is_const(); });
}

Extents const_extents(const Shape& shape) {
  if (!is_const(shape))
    throw Error(Code::kUnsupported, "the shape [" + str(shape) + "] is not made of numbers");
  return eval(shape, {});
}

Shape to_shape(const Extents& extents) { return Shape(extents.begin(), extents.end()); }

Shape broadcast(const Shape& a, const Shape& b) {
  Shape result(std::max(a.size(), b.size()));
  for (size_t k = 0; k < result.size(); ++k) {  // k counts from the last axis
    const Dim x = k < a.size() ? a[a.size() - 1 - k] : Dim(1);
    const Dim y = k < b.size() ? b[b.size() - 1 - k] : Dim(1);
    if (!(x == y) && !(x == Dim(1)) && !(y == Dim(1)))
      throw Error(Code::kInvalid, "shapes [" + str(a) + "] and [" + str(b) + "] do not broadcast");
    result[result.size() - 1 - k] = x == Dim(1) ? y : x;
  }
  return result;
}

}  // namespace tenfold
