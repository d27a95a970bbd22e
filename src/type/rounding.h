// Bit-exact conversions between doubles and small element types, written so that loops over them
// vectorize. Rounding is to nearest, ties to even, in the default floating-point environment.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "tenfold/type.h"

namespace tenfold {

// A binary floating-point format narrower than double.
struct FloatSpec {
  int exponent_bits = 0;
  int mantissa_bits = 0;
  int bias = 0;
  double max = 0;         // largest finite value
  bool has_infinity = false;
  bool unsigned_zero = false;  // FNUZ: no negative zero, NaN is the sign bit alone
  int min_exponent() const { return 1 - bias; }  // of normal values
};
// Of f16, bf16, tf32, the signed f8 types and f4; null for other types.
const FloatSpec* float_spec(DType type);

// x rounded to a multiple of 2^(e - mantissa_bits), e the larger of x's exponent and min_exponent.
// Exact for |x| < 2^960; infinities and NaN stay.
inline double round_to_grid(double x, int mantissa_bits, int min_exponent) {
  const uint64_t bits = std::bit_cast<uint64_t>(x) & 0x7ff0000000000000u;
  const uint64_t least = static_cast<uint64_t>(min_exponent + 1023) << 52;
  const uint64_t exponent = bits > least ? bits : least;
  // 1.5 * 2^(e - mantissa_bits + 52): adding it leaves no bits below the grid.
  const uint64_t magic =
      exponent + (static_cast<uint64_t>(52 - mantissa_bits) << 52) + 0x0008000000000000u;
  const double m = std::bit_cast<double>(magic);
  const double rounded = std::copysign(std::fabs((x + m) - m), x);
  return bits >= 0x7c00000000000000u ? x : rounded;
}

// x as the spec's type stores it, as a double.
inline double round_to_spec(double x, const FloatSpec& spec) {
  double r = round_to_grid(x, spec.mantissa_bits, spec.min_exponent());
  const double over = spec.has_infinity ? HUGE_VAL : spec.max;
  r = r > spec.max ? over : r;
  r = r < -spec.max ? -over : r;
  return r;
}

inline double f16_to_double(uint16_t h) {
  // Scaling by 2^112 moves f16's exponents to f32's and makes subnormals normal.
  const uint32_t magnitude = static_cast<uint32_t>(h & 0x7fffu) << 13;
  const float scaled = std::bit_cast<float>(magnitude) * 0x1p112f;
  const uint32_t special = std::bit_cast<uint32_t>(scaled) | 0x7f800000u;
  const uint32_t bits = magnitude >= 0x0f800000u ? special : std::bit_cast<uint32_t>(scaled);
  return static_cast<double>(
      std::bit_cast<float>(bits | (static_cast<uint32_t>(h & 0x8000u) << 16)));
}

inline uint16_t double_to_f16(double x) {
  const double r = round_to_grid(x, 10, -14);
  const double magnitude = std::fabs(r);
  const float scaled = static_cast<float>(magnitude < 65520.0 ? magnitude : 0.0) * 0x1p-112f;
  uint32_t bits = std::bit_cast<uint32_t>(scaled) >> 13;
  bits = magnitude >= 65520.0 ? 0x7c00u : bits;
  bits = x != x ? 0x7e00u : bits;
  const auto sign = static_cast<uint32_t>(std::bit_cast<uint64_t>(x) >> 48) & 0x8000u;
  return static_cast<uint16_t>(bits | sign);
}

inline double bf16_to_double(uint16_t b) {
  return static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(b) << 16));
}

inline uint16_t double_to_bf16(double x) {
  const auto f = static_cast<float>(round_to_grid(x, 7, -126));
  const uint32_t bits = std::bit_cast<uint32_t>(f) >> 16;
  return static_cast<uint16_t>(x != x ? bits | 0x40u : bits);
}

}  // namespace tenfold
