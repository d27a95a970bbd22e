// Element conversions against independent computations: the compiler's own _Float16 and float, and
// for the small types a search through all values.
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "src/type/convert.h"
#include "src/type/rounding.h"
#include "tenfold/diag.h"
#include "tenfold/tensor.h"
#include "tests/type/random.h"

namespace tenfold {
namespace {

using test::Random;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double value_of(DType t, unsigned code) {
  unsigned char cell[4] = {};
  std::memcpy(cell, &code, 4);
  return load_element(t, cell, 0);
}
unsigned code_of(DType t, double x) {
  unsigned char cell[4] = {};
  store_element(t, cell, 0, x);
  unsigned code = 0;
  std::memcpy(&code, cell, 4);
  return code;
}

TEST(DType, NamesRoundTrip) {
  for (int k = 1; k < kDTypeCount; ++k) {
    const auto t = static_cast<DType>(k);
    EXPECT_EQ(parse_dtype(to_string(t)), t);
  }
  EXPECT_EQ(parse_dtype("f33"), DType::kUndefined);
  EXPECT_EQ(parse_dtype("undefined"), DType::kUndefined);
  EXPECT_EQ(bytes_for(DType::kI4, 5), 3);
  EXPECT_EQ(bytes_for(DType::kU2, 5), 2);
  EXPECT_EQ(bytes_for(DType::kF32, 0), 0);
  EXPECT_THROW(bytes_for(DType::kF32, INT64_MAX / 2), Error);
  EXPECT_THROW(bytes_for(DType::kString, 1), Error);
  EXPECT_THROW(bytes_for(DType::kF32, -1), Error);
}

#ifdef __FLT16_MAX__
TEST(DType, EveryF16AgreesWithTheCompiler) {
  for (unsigned code = 0; code < 65536; ++code) {
    const auto expected = static_cast<double>(std::bit_cast<_Float16>(static_cast<uint16_t>(code)));
    const double got = value_of(DType::kF16, code);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(got)) << code;
      ASSERT_TRUE(std::isnan(value_of(DType::kF16, code_of(DType::kF16, got)))) << code;
    } else {
      ASSERT_EQ(std::bit_cast<uint64_t>(got), std::bit_cast<uint64_t>(expected)) << code;
      ASSERT_EQ(code_of(DType::kF16, got), code) << code;
    }
  }
}

TEST(DType, DoublesRoundToF16AsTheCompilerRounds) {
  Random random;
  SCOPED_TRACE(random.seed);
  const auto check = [](double x) {
    const auto expected = std::bit_cast<uint16_t>(static_cast<_Float16>(x));
    ASSERT_EQ(code_of(DType::kF16, x), expected) << std::hexfloat << x;
  };
  for (unsigned code = 0; code < 0x7c00; ++code) {  // ties and their neighbours, between all values
    const double a = value_of(DType::kF16, code);
    const double b = code == 0x7bff ? 65536.0 : value_of(DType::kF16, code + 1);
    const double middle = (a + b) / 2;
    for (const double x : {middle, std::nextafter(middle, 0), std::nextafter(middle, 1e9)}) {
      check(x);
      check(-x);
    }
  }
  for (int k = 0; k < 100000; ++k) {
    const double x = std::bit_cast<double>(random.bits());
    if (!std::isnan(x)) check(x);
    check(std::ldexp(random.real(), static_cast<int>(random.between(-30, 20))));
  }
}
#endif

TEST(DType, BF16IsTheUpperHalfOfAFloat) {
  Random random;
  SCOPED_TRACE(random.seed);
  for (unsigned code = 0; code < 65536; ++code) {
    const auto expected = static_cast<double>(std::bit_cast<float>(code << 16));
    const double got = value_of(DType::kBF16, code);
    if (std::isnan(expected)) {
      ASSERT_TRUE(std::isnan(got) &&
                  std::isnan(value_of(DType::kBF16, code_of(DType::kBF16, got))));
    } else {
      ASSERT_EQ(got, expected);
      ASSERT_EQ(code_of(DType::kBF16, got), code);
    }
  }
  for (int k = 0; k < 200000; ++k) {
    const float f = std::bit_cast<float>(static_cast<uint32_t>(random.bits()));
    if (std::isnan(f)) continue;
    const uint32_t bits = std::bit_cast<uint32_t>(f);
    const uint32_t expected = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;  // nearest, ties to even
    ASSERT_EQ(code_of(DType::kBF16, static_cast<double>(f)), expected) << f;
  }
}

struct Small {
  DType type;
  int codes;
  double one_code, max;
};

class SmallFloats : public testing::TestWithParam<Small> {};

// Nearest of all values, ties to the even code; searched, not computed.
unsigned nearest_code(const Small& s, double x) {
  unsigned best = 0;
  double distance = HUGE_VAL;
  for (unsigned code = 0; code < static_cast<unsigned>(s.codes); ++code) {
    const double v = value_of(s.type, code);
    if (!std::isfinite(v) || (v == 0 && std::signbit(v) != std::signbit(x) && code != 0)) continue;
    const double d = std::fabs(v - x);
    if (d < distance || (d == distance && code % 2 == 0 && v != 0)) {
      best = code;
      distance = d;
    }
  }
  return best;
}

TEST_P(SmallFloats, KnownValuesAndExhaustiveRoundTrip) {
  const Small s = GetParam();
  EXPECT_EQ(value_of(s.type, static_cast<unsigned>(s.one_code)), 1.0);
  double largest = 0;
  for (unsigned code = 0; code < static_cast<unsigned>(s.codes); ++code) {
    const double v = value_of(s.type, code);
    if (std::isnan(v)) {
      EXPECT_TRUE(std::isnan(value_of(s.type, code_of(s.type, v))));
      continue;
    }
    if (std::isfinite(v)) largest = std::max(largest, v);
    EXPECT_EQ(code_of(s.type, v), code) << v;
  }
  EXPECT_EQ(largest, s.max);
}

TEST_P(SmallFloats, RoundsToTheNearest) {
  const Small s = GetParam();
  Random random;
  SCOPED_TRACE(random.seed);
  for (int k = 0; k < 3000; ++k) {
    double x = std::ldexp(random.real(), static_cast<int>(random.between(-18, 10)));
    if (k % 3 == 0) {  // exactly between two values
      const auto code = static_cast<unsigned>(random.below(s.codes));
      x = (value_of(s.type, code) + value_of(s.type, (code + 1) % static_cast<unsigned>(s.codes))) /
          2;
    }
    if (!std::isfinite(x) || std::fabs(x) > s.max) continue;
    const double expected = value_of(s.type, nearest_code(s, x));
    ASSERT_EQ(round_to(s.type, x), expected) << std::hexfloat << x;
  }
}

INSTANTIATE_TEST_SUITE_P(All, SmallFloats,
                         testing::Values(Small{DType::kF8E4M3FN, 256, 0x38, 448},
                                         Small{DType::kF8E4M3FNUZ, 256, 0x40, 240},
                                         Small{DType::kF8E5M2, 256, 0x3c, 57344},
                                         Small{DType::kF8E5M2FNUZ, 256, 0x40, 57344},
                                         Small{DType::kF4E2M1, 16, 2, 6}),
                         [](const auto& info) { return std::string(to_string(info.param.type)); });

TEST(DType, OverflowAndNaNOfSmallFloats) {
  EXPECT_EQ(round_to(DType::kF8E4M3FN, 1e9), 448);
  EXPECT_EQ(round_to(DType::kF8E4M3FNUZ, -HUGE_VAL), -240);
  EXPECT_EQ(round_to(DType::kF8E5M2, 1e9), HUGE_VAL);
  EXPECT_EQ(round_to(DType::kF8E5M2, 61439), 57344);
  EXPECT_EQ(round_to(DType::kF8E5M2, 61440), HUGE_VAL);
  EXPECT_EQ(round_to(DType::kF16, 65519.99), 65504);
  EXPECT_EQ(round_to(DType::kF16, 65520), HUGE_VAL);
  EXPECT_EQ(round_to(DType::kBF16, 3.4e38), HUGE_VAL);
  EXPECT_EQ(round_to(DType::kF4E2M1, -100), -6);
  EXPECT_EQ(round_to(DType::kF4E2M1, kNaN), 6);
  EXPECT_EQ(code_of(DType::kF8E5M2FNUZ, kNaN), 0x80u);
  EXPECT_FALSE(std::signbit(round_to(DType::kF8E4M3FNUZ, -0.0)));
  for (const DType t : {DType::kF8E4M3FN, DType::kF8E4M3FNUZ, DType::kF8E5M2, DType::kF8E8M0,
                        DType::kF16, DType::kBF16, DType::kF32, DType::kTF32})
    EXPECT_TRUE(std::isnan(round_to(t, kNaN))) << to_string(t);
}

TEST(DType, E8M0HoldsPowersOfTwo) {
  for (unsigned code = 0; code < 255; ++code) {
    EXPECT_EQ(value_of(DType::kF8E8M0, code), std::ldexp(1.0, static_cast<int>(code) - 127));
    EXPECT_EQ(code_of(DType::kF8E8M0, value_of(DType::kF8E8M0, code)), code);
  }
  EXPECT_EQ(round_to(DType::kF8E8M0, 2.9), 2);
  EXPECT_EQ(round_to(DType::kF8E8M0, 3.1), 4);
  EXPECT_EQ(code_of(DType::kF8E8M0, -1), 255u);
  EXPECT_EQ(code_of(DType::kF8E8M0, 0), 0u);
}

TEST(DType, TF32KeepsTenBits) {
  EXPECT_EQ(round_to(DType::kTF32, 1 + 0x1p-10), 1 + 0x1p-10);
  EXPECT_EQ(round_to(DType::kTF32, 1 + 0x1p-11), 1);
  EXPECT_EQ(round_to(DType::kTF32, 1 + 0x1.8p-10), 1 + 0x1p-9);
}

template <typename T>
void check_integer(DType t) {
  using L = std::numeric_limits<T>;
  EXPECT_EQ(round_to(t, 0.5), 0);
  EXPECT_EQ(round_to(t, 1.5), 2);
  EXPECT_EQ(round_to(t, 2.5), 2);
  EXPECT_EQ(round_to(t, kNaN), 0);
  T value = 0;
  store_element(t, &value, 0, 1e30);
  EXPECT_EQ(value, L::max());
  store_element(t, &value, 0, -1e30);
  EXPECT_EQ(value, L::min());
  store_element(t, &value, 0, -0.4);
  EXPECT_EQ(value, T{0});
  store_element(t, &value, 0, -1.0);
  EXPECT_EQ(value, L::is_signed ? static_cast<T>(-1) : T{0});
}

TEST(DType, IntegersSaturateAndRoundToEven) {
  check_integer<int8_t>(DType::kI8);
  check_integer<uint8_t>(DType::kU8);
  check_integer<int16_t>(DType::kI16);
  check_integer<uint16_t>(DType::kU16);
  check_integer<int32_t>(DType::kI32);
  check_integer<uint32_t>(DType::kU32);
  check_integer<int64_t>(DType::kI64);
  check_integer<uint64_t>(DType::kU64);
  EXPECT_EQ(round_to(DType::kI4, 100), 7);
  EXPECT_EQ(round_to(DType::kI4, -100), -8);
  EXPECT_EQ(round_to(DType::kU2, 9), 3);
  EXPECT_EQ(round_to(DType::kI2, -1.6), -2);
  EXPECT_EQ(round_to(DType::kBool, 0.3), 1);
}

TEST(DType, SubByteElementsShareBytes) {
  Random random;
  SCOPED_TRACE(random.seed);
  for (const DType t : {DType::kI4, DType::kU4, DType::kI2, DType::kU2, DType::kF4E2M1}) {
    constexpr int64_t kCount = 37;
    Tensor tensor = Tensor::zeros(t, {kCount});
    std::vector<double> expected(kCount);
    for (int round = 0; round < 200; ++round) {
      const int64_t k = random.below(kCount);
      const double x = random.real() * 4;
      expected[static_cast<size_t>(k)] = round_to(t, x);
      store_element(t, tensor.mutable_data(), k, x);
    }
    for (int64_t k = 0; k < kCount; ++k) ASSERT_EQ(tensor.at(k), expected[static_cast<size_t>(k)]);
  }
}

TEST(DType, BulkConversionEqualsSingle) {
  Random random;
  SCOPED_TRACE(random.seed);
  constexpr int64_t kCount = 777;
  std::vector<double> values(kCount);
  for (double& v : values) v = std::ldexp(random.real(), static_cast<int>(random.between(-20, 20)));
  values[5] = kNaN;
  values[6] = -HUGE_VAL;
  for (int t = 1; t < kDTypeCount; ++t) {
    const auto type = static_cast<DType>(t);
    if (type == DType::kString) continue;
    Tensor tensor = Tensor::zeros(type, {kCount});
    store_elements(type, tensor.mutable_data(), 0, kCount, values.data());
    std::vector<double> back(kCount);
    load_elements(type, tensor.data(), 0, kCount, back.data());
    for (int64_t k = 0; k < kCount; ++k) {
      const double expected = round_to(type, values[static_cast<size_t>(k)]);
      const double got = back[static_cast<size_t>(k)];
      ASSERT_TRUE(got == expected || (std::isnan(got) && std::isnan(expected)))
          << to_string(type) << " " << values[static_cast<size_t>(k)];
    }
  }
}

TEST(DType, WideIntegersConvertExactly) {
  const int64_t values[] = {INT64_MAX, INT64_MAX - 1, -5, (int64_t{1} << 53) + 1};
  uint64_t out[4];
  convert_elements(DType::kI64, values, DType::kU64, out, 4);
  EXPECT_EQ(out[0], static_cast<uint64_t>(INT64_MAX));
  EXPECT_EQ(out[1], static_cast<uint64_t>(INT64_MAX) - 1);
  EXPECT_EQ(out[2], 0u);
  EXPECT_EQ(out[3], (uint64_t{1} << 53) + 1);
}

TEST(Tensor, SharesClonesAndCasts) {
  Tensor t = Tensor::of<double>(DType::kF32, {2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(reinterpret_cast<uintptr_t>(t.data()) % 64, 0u);
  Tensor same = t;
  Tensor copy = t.clone();
  t.as_mutable<float>()[0] = 9;
  EXPECT_EQ(same.at(0), 9);
  EXPECT_EQ(copy.at(0), 1);
  EXPECT_EQ(t.reshaped({3, 2}).data(), t.data());
  EXPECT_THROW(t.reshaped({4}), Error);
  EXPECT_EQ(copy.cast(DType::kI4).at(5), 6);
  EXPECT_THROW(Tensor(DType::kF32, {INT64_MAX, 2}), Error);
  EXPECT_THROW(Tensor(DType::kF32, {int64_t{1} << 60}), Error);
  EXPECT_THROW(Tensor(DType::kF32, {-1}), Error);
  EXPECT_EQ(Tensor(DType::kF32, {0, 5}).bytes(), 0);
}

TEST(DeviceRef, ParsesAndRefuses) {
  EXPECT_EQ(DeviceRef::parse("cuda:3").str(), "cuda:3");
  EXPECT_EQ(DeviceRef::parse("cuda").str(), "cuda:0");
  EXPECT_EQ(DeviceRef::parse("cpu").str(), "cpu");
  for (const char* bad : {"", ":", "cuda:", "cuda:x", "cuda:-1", "cuda:99999999999", "a b"})
    EXPECT_THROW(DeviceRef::parse(bad), Error) << bad;
}

// Equal values are equal bytes, whatever lay there before.
TEST(Tensor, BitsBehindTheLastElementAreZero) {
  constexpr size_t kMany = 1000;
  for (const DType t : {DType::kI4, DType::kU4, DType::kI2, DType::kU2, DType::kF4E2M1}) {
    std::vector<Tensor> dirty;
    for (size_t k = 0; k < kMany; ++k) {
      dirty.emplace_back(DType::kU8, Extents{9});
      std::memset(dirty.back().mutable_data(), 0xFF, 9);
    }
    dirty.clear();
    std::vector<Tensor> made;
    for (size_t k = 0; k < kMany; ++k) {
      made.emplace_back(t, Extents{bits_of(t) == 4 ? 17 : 33});
      ASSERT_EQ(made.back().bytes(), 9);
      for (int64_t e = 0; e < made.back().count(); ++e)
        store_element(t, made.back().mutable_data(), e, 0);
      const auto* bytes = static_cast<const unsigned char*>(made.back().data());
      ASSERT_EQ(bytes[8], 0) << to_string(t);
    }
  }
}

}  // namespace
}  // namespace tenfold
