// Half precision as storage: conversion to and from float, rounding to nearest even.
#pragma once

#include "host_defines.h"

#ifdef __cplusplus
#include <cstdint>
#include <cstring>

struct __half {
  unsigned short __x;
};
struct __half2 {
  __half x, y;
};
typedef __half half;
typedef __half2 half2;

inline float __half2float(__half h) {
  const std::uint32_t sign = static_cast<std::uint32_t>(h.__x & 0x8000u) << 16;
  const std::uint32_t exponent = (h.__x >> 10) & 0x1fu;
  const std::uint32_t mantissa = h.__x & 0x3ffu;
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

inline __half __float2half(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const std::uint32_t sign = (bits >> 16) & 0x8000u;
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  __half h;
  if (magnitude > 0x7f800000u) {
    h.__x = static_cast<unsigned short>(sign | 0x7e00u);  // NaN
  } else if (magnitude >= 0x477ff000u) {
    h.__x = static_cast<unsigned short>(sign | 0x7c00u);  // rounds to infinity
  } else if (magnitude >= 0x38800000u) {                  // normal
    const std::uint32_t rounded = magnitude + 0xfffu + ((magnitude >> 13) & 1u);
    h.__x = static_cast<unsigned short>(sign | ((rounded - 0x38000000u) >> 13));
  } else {  // subnormal: adding 0.5 leaves the rounded mantissa in the low bits
    float shifted;
    std::memcpy(&shifted, &magnitude, sizeof shifted);
    shifted += 0.5f;
    std::uint32_t low;
    std::memcpy(&low, &shifted, sizeof low);
    h.__x = static_cast<unsigned short>(sign | (low - 0x3f000000u));
  }
  return h;
}

#endif
