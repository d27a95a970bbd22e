#include "src/type/convert.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstring>
#include <limits>

#include "src/base/checked.h"
#include "src/type/rounding.h"

namespace tenfold {
namespace {

constexpr int64_t kBlock = 256;

// ---- floats of 8 bits and fewer: through 256-entry tables one way, by arithmetic the other
// ----------

double decode_small(DType type, const FloatSpec& s, unsigned code) {
  const int bits = bits_of(type);
  const unsigned sign_bit = 1u << (bits - 1);
  if (s.unsigned_zero && code == sign_bit) return std::numeric_limits<double>::quiet_NaN();
  const int mantissa = static_cast<int>(code & ((1u << s.mantissa_bits) - 1));
  const int field = static_cast<int>((code & (sign_bit - 1)) >> s.mantissa_bits);
  const int top = (1 << s.exponent_bits) - 1;
  double value =
      field == 0 ? std::ldexp(mantissa, s.min_exponent() - s.mantissa_bits)
                 : std::ldexp(mantissa + (1 << s.mantissa_bits), field - s.bias - s.mantissa_bits);
  if (s.has_infinity && field == top)
    value = mantissa ? std::numeric_limits<double>::quiet_NaN() : HUGE_VAL;
  if (type == DType::kF8E4M3FN && field == top && mantissa == 7)
    value = std::numeric_limits<double>::quiet_NaN();
  return code & sign_bit ? -value : value;
}

unsigned encode_small(DType type, const FloatSpec& s, double x) {
  const unsigned sign_bit = 1u << (bits_of(type) - 1);
  const unsigned sign = std::signbit(x) ? sign_bit : 0;
  if (std::isnan(x)) {
    if (s.unsigned_zero) return sign_bit;
    if (type == DType::kF4E2M1) return 7;  // has no NaN: its largest value
    return sign | (type == DType::kF8E4M3FN ? 0x7fu : 0x7eu);
  }
  const double r = std::fabs(round_to_spec(x, s));
  if (std::isinf(r)) return sign | (((1u << s.exponent_bits) - 1) << s.mantissa_bits);
  if (r == 0) return s.unsigned_zero ? 0 : sign;
  const int exponent = std::max(std::ilogb(r), s.min_exponent());
  const auto scaled = static_cast<int>(std::ldexp(r, s.mantissa_bits - exponent));
  // `scaled` holds the implicit bit of normal values, which adds one to the exponent field below
  // it.
  const int code = ((exponent - s.min_exponent()) << s.mantissa_bits) + scaled;
  return sign | static_cast<unsigned>(code);
}

double decode_e8m0(unsigned code) {
  if (code == 255) return std::numeric_limits<double>::quiet_NaN();
  return std::ldexp(1.0, static_cast<int>(code) - 127);
}

unsigned encode_e8m0(double x) {
  if (std::isnan(x) || x < 0) return 255;
  if (x <= 0x1p-127) return 0;
  if (x >= 0x1p127) return 254;
  int exponent = 0;
  const double fraction = std::frexp(x, &exponent) * 2;  // in [1, 2)
  exponent += 126;                                        // of the power below x, biased
  const bool up = fraction > 1.5 || (fraction == 1.5 && exponent % 2 != 0);
  return static_cast<unsigned>(exponent + (up ? 1 : 0));
}

struct SmallTable {
  double value[256];
  explicit SmallTable(DType type) {
    const FloatSpec* spec = float_spec(type);
    const int codes = 1 << bits_of(type);
    for (int k = 0; k < codes; ++k) {
      const auto code = static_cast<unsigned>(k);
      value[k] = spec ? decode_small(type, *spec, code) : decode_e8m0(code);
    }
  }
};

const double* small_table(DType type) {
  static const SmallTable kTables[] = {SmallTable(DType::kF8E4M3FN), SmallTable(DType::kF8E4M3FNUZ),
                                       SmallTable(DType::kF8E5M2),   SmallTable(DType::kF8E5M2FNUZ),
                                       SmallTable(DType::kF8E8M0),   SmallTable(DType::kF4E2M1)};
  return kTables[static_cast<int>(type) - static_cast<int>(DType::kF8E4M3FN)].value;
}

// ---- integers
// ---------------------------------------------------------------------------------------

template <typename T>
T saturate(double x) {
  // The upper bound as a double may be one too large (2^63, 2^64): compare, then clamp.
  constexpr auto kLow = static_cast<double>(std::numeric_limits<T>::min());
  constexpr auto kHigh = static_cast<double>(std::numeric_limits<T>::max());
  const double r = std::nearbyint(x);
  if (!(r > kLow)) return x != x ? T{0} : std::numeric_limits<T>::min();
  if (r >= kHigh) return std::numeric_limits<T>::max();
  return static_cast<T>(r);
}

int saturate_bits(double x, int low, int high) {
  if (x != x) return 0;
  return static_cast<int>(std::min<double>(std::max<double>(std::nearbyint(x), low), high));
}

// ---- sub-byte cells: the first element is in the lowest bits
// ------------------------------------------

unsigned load_bits(const void* data, int64_t index, int bits) {
  const int per_byte = 8 / bits;
  const unsigned byte = static_cast<const uint8_t*>(data)[index / per_byte];
  return (byte >> (static_cast<int>(index % per_byte) * bits)) & ((1u << bits) - 1);
}

void store_bits(void* data, int64_t index, int bits, unsigned value) {
  const int per_byte = 8 / bits;
  uint8_t& byte = static_cast<uint8_t*>(data)[index / per_byte];
  const int shift = static_cast<int>(index % per_byte) * bits;
  const unsigned mask = ((1u << bits) - 1) << shift;
  byte = static_cast<uint8_t>((byte & ~mask) | ((value << shift) & mask));
}

// ---- typed loops
// --------------------------------------------------------------------------------------

template <typename T, typename Decode>
void load_loop(const void* data, int64_t begin, int64_t count, double* __restrict out,
               Decode decode) {
  const T* __restrict p = static_cast<const T*>(data) + begin;
  for (; count >= kBlock; count -= kBlock, p += kBlock, out += kBlock)
    for (int64_t k = 0; k < kBlock; ++k) out[k] = decode(p[k]);
  for (int64_t k = 0; k < count; ++k) out[k] = decode(p[k]);
}

template <typename T, typename Encode>
void store_loop(void* data, int64_t begin, int64_t count, const double* __restrict v,
                Encode encode) {
  T* __restrict p = static_cast<T*>(data) + begin;
  for (; count >= kBlock; count -= kBlock, p += kBlock, v += kBlock)
    for (int64_t k = 0; k < kBlock; ++k) p[k] = encode(v[k]);
  for (int64_t k = 0; k < count; ++k) p[k] = encode(v[k]);
}

template <typename T>
void load_number(const void* data, int64_t begin, int64_t count, double* out) {
  load_loop<T>(data, begin, count, out, [](T x) { return static_cast<double>(x); });
}
template <typename T>
void store_integer(void* data, int64_t begin, int64_t count, const double* v) {
  store_loop<T>(data, begin, count, v, [](double x) { return saturate<T>(x); });
}

[[noreturn]] void no_numbers(DType type) {
  throw Error(Code::kUnsupported,
              "elements of type " + std::string(to_string(type)) + " are not numbers");
}

}  // namespace

void load_elements(DType type, const void* data, int64_t begin, int64_t count, double* out) {
  switch (type) {
    case DType::kF64: return load_number<double>(data, begin, count, out);
    case DType::kF32:
    case DType::kTF32: return load_number<float>(data, begin, count, out);
    case DType::kF16: return load_loop<uint16_t>(data, begin, count, out, f16_to_double);
    case DType::kBF16: return load_loop<uint16_t>(data, begin, count, out, bf16_to_double);
    case DType::kF8E4M3FN:
    case DType::kF8E4M3FNUZ:
    case DType::kF8E5M2:
    case DType::kF8E5M2FNUZ:
    case DType::kF8E8M0: {
      const double* table = small_table(type);
      return load_loop<uint8_t>(data, begin, count, out, [table](uint8_t x) { return table[x]; });
    }
    case DType::kF4E2M1:
      for (int64_t k = 0; k < count; ++k) out[k] = small_table(type)[load_bits(data, begin + k, 4)];
      return;
    case DType::kI2:
    case DType::kI4: {
      const int bits = bits_of(type), half = 1 << (bits - 1);
      for (int64_t k = 0; k < count; ++k)
        out[k] = (static_cast<int>(load_bits(data, begin + k, bits)) ^ half) - half;
      return;
    }
    case DType::kU2:
    case DType::kU4:
      for (int64_t k = 0; k < count; ++k) out[k] = load_bits(data, begin + k, bits_of(type));
      return;
    case DType::kI8: return load_number<int8_t>(data, begin, count, out);
    case DType::kU8: return load_number<uint8_t>(data, begin, count, out);
    case DType::kI16: return load_number<int16_t>(data, begin, count, out);
    case DType::kU16: return load_number<uint16_t>(data, begin, count, out);
    case DType::kI32: return load_number<int32_t>(data, begin, count, out);
    case DType::kU32: return load_number<uint32_t>(data, begin, count, out);
    case DType::kI64: return load_number<int64_t>(data, begin, count, out);
    case DType::kU64: return load_number<uint64_t>(data, begin, count, out);
    case DType::kBool:
      return load_loop<uint8_t>(data, begin, count, out, [](uint8_t x) { return x ? 1.0 : 0.0; });
    case DType::kC64:
      for (int64_t k = 0; k < count; ++k) out[k] = static_cast<const float*>(data)[2 * (begin + k)];
      return;
    case DType::kC128:
      for (int64_t k = 0; k < count; ++k)
        out[k] = static_cast<const double*>(data)[2 * (begin + k)];
      return;
    case DType::kUndefined:
    case DType::kString: no_numbers(type);
  }
}

void store_elements(DType type, void* data, int64_t begin, int64_t count, const double* v) {
  switch (type) {
    case DType::kF64: return store_loop<double>(data, begin, count, v, [](double x) { return x; });
    case DType::kF32:
      return store_loop<float>(data, begin, count, v,
                               [](double x) { return static_cast<float>(x); });
    case DType::kTF32:
      return store_loop<float>(data, begin, count, v, [](double x) {
        return static_cast<float>(round_to_grid(x, 10, -126));
      });
    case DType::kF16: return store_loop<uint16_t>(data, begin, count, v, double_to_f16);
    case DType::kBF16: return store_loop<uint16_t>(data, begin, count, v, double_to_bf16);
    case DType::kF8E4M3FN:
    case DType::kF8E4M3FNUZ:
    case DType::kF8E5M2:
    case DType::kF8E5M2FNUZ:
      return store_loop<uint8_t>(data, begin, count, v, [type, spec = float_spec(type)](double x) {
        return static_cast<uint8_t>(encode_small(type, *spec, x));
      });
    case DType::kF8E8M0:
      return store_loop<uint8_t>(data, begin, count, v,
                                 [](double x) { return static_cast<uint8_t>(encode_e8m0(x)); });
    case DType::kF4E2M1:
      for (int64_t k = 0; k < count; ++k)
        store_bits(data, begin + k, 4, encode_small(type, *float_spec(type), v[k]));
      return;
    case DType::kI2:
    case DType::kI4:
    case DType::kU2:
    case DType::kU4: {
      const int bits = bits_of(type);
      const bool is_signed = type == DType::kI2 || type == DType::kI4;
      const int low = is_signed ? -(1 << (bits - 1)) : 0;
      for (int64_t k = 0; k < count; ++k) {
        const int value = saturate_bits(v[k], low, low + (1 << bits) - 1);
        store_bits(data, begin + k, bits, static_cast<unsigned>(value));
      }
      return;
    }
    case DType::kI8: return store_integer<int8_t>(data, begin, count, v);
    case DType::kU8: return store_integer<uint8_t>(data, begin, count, v);
    case DType::kI16: return store_integer<int16_t>(data, begin, count, v);
    case DType::kU16: return store_integer<uint16_t>(data, begin, count, v);
    case DType::kI32: return store_integer<int32_t>(data, begin, count, v);
    case DType::kU32: return store_integer<uint32_t>(data, begin, count, v);
    case DType::kI64: return store_integer<int64_t>(data, begin, count, v);
    case DType::kU64: return store_integer<uint64_t>(data, begin, count, v);
    case DType::kBool:
      return store_loop<uint8_t>(data, begin, count, v,
                                 [](double x) { return static_cast<uint8_t>(x != 0); });
    case DType::kC64:
      for (int64_t k = 0; k < count; ++k)
        static_cast<std::complex<float>*>(data)[begin + k] = static_cast<float>(v[k]);
      return;
    case DType::kC128:
      for (int64_t k = 0; k < count; ++k)
        static_cast<std::complex<double>*>(data)[begin + k] = v[k];
      return;
    case DType::kUndefined:
    case DType::kString: no_numbers(type);
  }
}

void convert_elements(DType from, const void* src, DType to, void* dst, int64_t count) {
  if (count <= 0) return;
  if (from == to) {
    std::memcpy(dst, src, static_cast<size_t>(bytes_for(from, count)));
    return;
  }
  const auto wide = [](DType t) { return t == DType::kI64 || t == DType::kU64; };
  if (wide(from) && wide(to)) {  // doubles would lose low bits
    for (int64_t k = 0; k < count; ++k) {
      const uint64_t bits = static_cast<const uint64_t*>(src)[k];
      const bool outside = bits >> 63;
      static_cast<uint64_t*>(dst)[k] = !outside            ? bits
                                       : to == DType::kU64 ? 0
                                                           : uint64_t{INT64_MAX};
    }
    return;
  }
  double block[kBlock];
  for (int64_t begin = 0; begin < count; begin += kBlock) {
    const int64_t n = std::min(kBlock, count - begin);
    load_elements(from, src, begin, n, block);
    store_elements(to, dst, begin, n, block);
  }
}

}  // namespace tenfold
