// Half precision as storage: conversion to and from numbers, rounding to nearest even. As in CUDA 9
// and later a __half is made from a number and becomes a float; its bits are also `x`, as in
// CUDA 8.
#pragma once

#include "host_defines.h"
#include "vector_types.h"

#ifdef __cplusplus
#include <cstdint>
#include <cstring>
#include <type_traits>

struct __half_raw {
  unsigned short x;
};
struct __half2_raw {
  unsigned short x, y;
};

inline float tenfold_half_to_float(unsigned short half) {
  const std::uint32_t sign = static_cast<std::uint32_t>(half & 0x8000u) << 16;
  const std::uint32_t exponent = (half >> 10) & 0x1fu;
  const std::uint32_t mantissa = half & 0x3ffu;
  float value;
  if (exponent == 0) {  // zero and subnormals: mantissa * 2^-24
    value = static_cast<float>(mantissa) * 5.9604644775390625e-8f;
    return sign ? -value : value;
  }
  const std::uint32_t bits =
      sign | (exponent == 31 ? 0x7f800000u : (exponent + 112) << 23) | mantissa << 13;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline unsigned short tenfold_float_to_half(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const std::uint32_t sign = (bits >> 16) & 0x8000u;
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) return static_cast<unsigned short>(sign | 0x7e00u);  // NaN
  if (magnitude >= 0x477ff000u) return static_cast<unsigned short>(sign | 0x7c00u);  // infinity
  if (magnitude >= 0x38800000u) {  // normal
    const std::uint32_t rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1u);
    return static_cast<unsigned short>(sign | ((rounded - 0x38000000u) >> 13));
  }
  float shifted;  // subnormal: adding 0.5 leaves the rounded mantissa in the low bits
  std::memcpy(&shifted, &magnitude, sizeof shifted);
  shifted += 0.5f;
  std::uint32_t low;
  std::memcpy(&low, &shifted, sizeof low);
  return static_cast<unsigned short>(sign | (low - 0x3f000000u));
}

struct __half {
  union {
    unsigned short x, __x;
  };

  __half() = default;
  __half(const __half_raw& raw) : x(raw.x) {}
  __half(float value) : x(tenfold_float_to_half(value)) {}
  __half(double value) : x(tenfold_float_to_half(static_cast<float>(value))) {}
  template <class T, class = typename std::enable_if<std::is_integral<T>::value>::type>
  __half(T value) : x(tenfold_float_to_half(static_cast<float>(value))) {}
  operator __half_raw() const { return {x}; }
  operator float() const { return tenfold_half_to_float(x); }
};
struct __half2 {
  __half x, y;

  __half2() = default;
  __half2(const __half& low, const __half& high) : x(low), y(high) {}
  __half2(const __half2_raw& raw) : x(__half_raw{raw.x}), y(__half_raw{raw.y}) {}
  operator __half2_raw() const { return {x.x, y.x}; }
};
typedef __half half;
typedef __half2 half2;

inline float __half2float(__half value) { return value; }
inline __half __float2half(float value) { return value; }
inline __half __float2half_rn(float value) { return value; }
inline __half __double2half(double value) { return value; }
inline __half __ushort_as_half(unsigned short bits) { return __half_raw{bits}; }
inline __half __short_as_half(short bits) { return __half_raw{static_cast<unsigned short>(bits)}; }
inline unsigned short __half_as_ushort(__half value) { return value.x; }
inline short __half_as_short(__half value) { return static_cast<short>(value.x); }

inline __half2 __halves2half2(__half low, __half high) { return {low, high}; }
inline __half2 __floats2half2_rn(float low, float high) { return {__half(low), __half(high)}; }
inline __half2 __float2half2_rn(float value) { return {__half(value), __half(value)}; }
inline __half2 __half2half2(__half value) { return {value, value}; }
inline __half __low2half(__half2 pair) { return pair.x; }
inline __half __high2half(__half2 pair) { return pair.y; }
inline float __low2float(__half2 pair) { return pair.x; }
inline float __high2float(__half2 pair) { return pair.y; }
inline float2 __half22float2(__half2 pair) { return {pair.x, pair.y}; }
inline __half2 __float22half2_rn(float2 pair) { return {__half(pair.x), __half(pair.y)}; }

#endif
