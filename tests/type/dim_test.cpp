// Dims: the canonical form against evaluation, text round trips, hostile texts.
#include <cmath>
#include <optional>

#include "tenfold/diag.h"
#include "tenfold/type.h"
#include "tests/type/random.h"

namespace tenfold {
namespace {

using test::Random;

// A dim with the same expression evaluated beside it, without simplification.
struct Pair {
  Dim dim;
  std::optional<int64_t> value;  // nothing: undefined (division by zero)
};

int64_t floor_of(int64_t a, int64_t b) {
  return static_cast<int64_t>(
      std::floor(static_cast<long double>(a) / static_cast<long double>(b)));
}

Pair random_dim(Random& r, const SymbolValues& values, int depth) {
  const int64_t kind = depth == 0 ? r.below(2) : r.below(10);
  if (kind == 0) {
    const int64_t n = r.between(-6, 12);
    return {Dim(n), n};
  }
  if (kind == 1) {
    const auto& [name, value] = values.list()[static_cast<size_t>(r.below(3))];
    return {Dim::symbol(name), value};
  }
  const Pair a = random_dim(r, values, depth - 1), b = random_dim(r, values, depth - 1);
  const bool known = a.value && b.value;
  const int64_t x = a.value.value_or(0), y = b.value.value_or(0);
  const auto pair = [&](Dim d, int64_t v) {
    return Pair{std::move(d), known ? std::optional(v) : std::nullopt};
  };
  if (kind < 4) return pair(a.dim + b.dim, x + y);
  if (kind == 4) return pair(a.dim - b.dim, x - y);
  if (kind == 5) return pair(a.dim * b.dim, x * y);
  if (kind == 6) return pair(min(a.dim, b.dim), std::min(x, y));
  if (kind == 7) return pair(max(a.dim, b.dim), std::max(x, y));
  // Divisors are mostly positive numbers, as in real networks.
  const Pair d = r.below(4) ? Pair{Dim(3), 3} : b;
  const int64_t z = d.value.value_or(0);
  if (d.dim == Dim(0)) return a;
  const bool defined = a.value && d.value && z != 0;
  if (kind == 8)
    return {floor_div(a.dim, d.dim), defined ? std::optional(floor_of(x, z)) : std::nullopt};
  if (r.coin())
    return {ceil_div(a.dim, d.dim), defined ? std::optional(-floor_of(-x, z)) : std::nullopt};
  return {mod(a.dim, d.dim), defined ? std::optional(x - floor_of(x, z) * z) : std::nullopt};
}

TEST(Dim, SimplificationKeepsTheValue) {
  Random random;
  SCOPED_TRACE(random.seed);
  int compared = 0;
  for (int k = 0; k < 4000; ++k) {
    const SymbolValues values{
        {"N", random.between(-9, 20)}, {"H", random.between(0, 300)}, {"W", random.between(1, 9)}};
    try {
      const Pair p = random_dim(random, values, 4);
      if (p.value) {
        ASSERT_EQ(p.dim.eval(values), *p.value) << p.dim.str();
        ++compared;
      }
      const Dim again = Dim::parse(p.dim.str());
      ASSERT_EQ(again, p.dim) << p.dim.str();
      ASSERT_EQ(again.str(), p.dim.str());
      const Dim five = p.dim.substitute("N", 5).substitute("H", 7).substitute("W", 2);
      ASSERT_TRUE(five.is_const()) << five.str();
    } catch (const Error& e) {
      ASSERT_TRUE(e.code() == Code::kResource || e.code() == Code::kInvalid) << e.what();
    }
  }
  EXPECT_GT(compared, 2000);
}

TEST(Dim, EqualPolynomialsAreEqual) {
  const Dim n = Dim::symbol("N"), h = Dim::symbol("H");
  EXPECT_EQ((n + h) * (n - h), n * n - h * h);
  EXPECT_EQ((n * 2 + 1).str(), "2*N+1");
  EXPECT_EQ(n - n, Dim(0));
  EXPECT_EQ(floor_div(n * 800, n), Dim(800));
  EXPECT_EQ(floor_div(n * h * 12, h * 4), n * 3);
  EXPECT_EQ(ceil_div(h, 2), floor_div(h + 1, 2));
  EXPECT_EQ(floor_div(floor_div(h, 2), 3), floor_div(h, 6));
  EXPECT_EQ(mod(n * 6 + 5, 3), Dim(2));
  EXPECT_EQ(max(n + 1, n), n + 1);
  EXPECT_EQ(min(n, h), min(h, n));
}

TEST(Dim, DividesTheLeastNumber) {
  const std::string least = "-9223372036854775808";
  EXPECT_EQ(Dim::parse("mod(" + least + ",3)"), Dim(1));
  EXPECT_EQ(Dim::parse("mod(" + least + ",-1)"), Dim(0));
  EXPECT_EQ(Dim::parse("ceildiv(" + least + ",3)"), Dim(-3074457345618258602));
  EXPECT_EQ(Dim::parse("mod(" + least + "*N,3)").str(), "mod(N,3)");
  EXPECT_EQ(Dim::parse("floordiv(" + least + "*N,3)").eval({{"N", 1}}), -3074457345618258603);
}

TEST(Dim, LongChainsOfStridedLayersStayFlat) {
  Dim h = Dim::symbol("H");
  for (int k = 0; k < 30; ++k) h = floor_div(h + 2 - 3, 2) + 1;
  EXPECT_LT(h.str().size(), 100u);
  EXPECT_EQ(h.eval({{"H", int64_t{1} << 32}}), 4);
}

TEST(Dim, Errors) {
  const Dim n = Dim::symbol("N");
  EXPECT_THROW(n.eval({}), Error);
  EXPECT_THROW((void)n.value(), Error);
  EXPECT_THROW(floor_div(n, 0), Error);
  EXPECT_THROW(floor_div(5, n).eval({{"N", 0}}), Error);
  EXPECT_THROW((n * n).eval({{"N", int64_t{1} << 40}}), Error);
  EXPECT_THROW(Dim(INT64_MAX) + 1, Error);
  EXPECT_THROW(Dim::symbol("min"), Error);
  EXPECT_THROW(Dim::symbol("a b"), Error);
  EXPECT_THROW(Dim::symbol(""), Error);
}

TEST(Dim, HostileTextsAreRefused) {
  std::string nested, product, wide;
  for (int k = 0; k < 100000; ++k) nested += "(";
  for (int k = 0; k < 40; ++k)
    product += (k ? "*(a" : "(a") + std::to_string(k) + "+b" + std::to_string(k) + ")";
  for (int k = 0; k < 5000; ++k) wide += "+a" + std::to_string(k);
  for (const std::string& text :
       {nested, product, wide, std::string("N+"), std::string("floordiv(N)"),
        std::string("floordiv(N,0)"), std::string("9223372036854775808"),
        std::string("99999999999999999999"), std::string("N N"), std::string(200000, '-'),
        std::string("min(N,"), std::string("N*"), std::string(1, '\0'), std::string("N^2"),
        "a" + std::string(500, 'b')})
    EXPECT_THROW(Dim::parse(text), Error) << text.substr(0, 40);
  EXPECT_EQ(Dim::parse("-9223372036854775808"), Dim(INT64_MIN));
  EXPECT_EQ(Dim::parse("--5"), Dim(5));
}

TEST(Shape, TextBroadcastAndCounts) {
  const Shape s = parse_shape("N, 64,floordiv(H,2)");
  EXPECT_EQ(str(s), "N,64,floordiv(H,2)");
  EXPECT_EQ(parse_shape("").size(), 0u);
  EXPECT_EQ(str(broadcast(parse_shape("N,1,5"), parse_shape("4,1"))), "N,4,5");
  EXPECT_THROW(broadcast(parse_shape("3"), parse_shape("4")), Error);
  EXPECT_EQ(element_count(s).str(), "64*N*floordiv(H,2)");
  EXPECT_THROW(element_count(Extents{0, INT64_MAX, INT64_MAX}), Error);
  EXPECT_EQ(element_count(Extents{0, 7}), 0);
  EXPECT_THROW(const_extents(s), Error);
  EXPECT_THROW(parse_shape("1,,2"), Error);
}

TEST(Type, TextRoundTrip) {
  for (const char* text :
       {"f32[N,64,56,56]", "i64[]", "seq(f32[3])", "opt(bf16[N])", "f4e2m1[2*N+1]"})
    EXPECT_EQ(Type::parse(text).str(), text);
  for (const char* text :
       {"", "f32", "f32[", "f99[1]", "seq(f32[1]", "f32[1]]", "seq(seq(f32[1]))"})
    EXPECT_THROW(Type::parse(text), Error) << text;
}

}  // namespace
}  // namespace tenfold
