// Element types: names, sizes, and single conversions through double.
#include <cmath>
#include <cstring>
#include <limits>

#include "src/base/checked.h"
#include "src/type/convert.h"
#include "src/type/rounding.h"

namespace tenfold {
namespace {

struct Facts {
  std::string_view name;
  int bits;
  enum Kind : uint8_t { kOther, kFloat, kInteger } kind;
};
constexpr Facts kFacts[kDTypeCount] = {
    {"undefined", 0, Facts::kOther},  {"f64", 64, Facts::kFloat},
    {"f32", 32, Facts::kFloat},       {"f16", 16, Facts::kFloat},
    {"bf16", 16, Facts::kFloat},      {"f8e4m3fn", 8, Facts::kFloat},
    {"f8e4m3fnuz", 8, Facts::kFloat}, {"f8e5m2", 8, Facts::kFloat},
    {"f8e5m2fnuz", 8, Facts::kFloat}, {"f8e8m0", 8, Facts::kFloat},
    {"f4e2m1", 4, Facts::kFloat},     {"i2", 2, Facts::kInteger},
    {"u2", 2, Facts::kInteger},       {"i4", 4, Facts::kInteger},
    {"u4", 4, Facts::kInteger},       {"i8", 8, Facts::kInteger},
    {"u8", 8, Facts::kInteger},       {"i16", 16, Facts::kInteger},
    {"u16", 16, Facts::kInteger},     {"i32", 32, Facts::kInteger},
    {"u32", 32, Facts::kInteger},     {"i64", 64, Facts::kInteger},
    {"u64", 64, Facts::kInteger},     {"bool", 8, Facts::kOther},
    {"c64", 64, Facts::kOther},       {"c128", 128, Facts::kOther},
    {"string", 0, Facts::kOther},     {"tf32", 32, Facts::kFloat},
};
const Facts& facts(DType t) {
  const auto k = static_cast<size_t>(t);
  return kFacts[k < kDTypeCount ? k : 0];
}

}  // namespace

int bits_of(DType t) { return facts(t).bits; }
std::string_view to_string(DType t) { return facts(t).name; }
bool is_float(DType t) { return facts(t).kind == Facts::kFloat; }
bool is_integer(DType t) { return facts(t).kind == Facts::kInteger; }

DType parse_dtype(std::string_view name) {
  for (int k = 1; k < kDTypeCount; ++k)
    if (kFacts[k].name == name) return static_cast<DType>(k);
  return DType::kUndefined;
}

int64_t bytes_for(DType t, int64_t count) {
  const int bits = bits_of(t);
  if (count < 0) throw Error(Code::kInvalid, "a negative number of elements");
  if (bits == 0)
    throw Error(Code::kUnsupported,
                "elements of type " + std::string(to_string(t)) + " have no size");
  if (bits >= 8) return checked_mul(count, bits / 8);
  const int per_byte = 8 / bits;
  return count / per_byte + (count % per_byte != 0);
}

const FloatSpec* float_spec(DType type) {
  static constexpr FloatSpec kF16{5, 10, 15, 65504.0, true, false};
  static constexpr FloatSpec kBF16{8, 7, 127, 0x1.fep127, true, false};
  static constexpr FloatSpec kTF32{8, 10, 127, 0x1.ffcp127, true, false};
  static constexpr FloatSpec kE4M3FN{4, 3, 7, 448.0, false, false};
  static constexpr FloatSpec kE4M3FNUZ{4, 3, 8, 240.0, false, true};
  static constexpr FloatSpec kE5M2{5, 2, 15, 57344.0, true, false};
  static constexpr FloatSpec kE5M2FNUZ{5, 2, 16, 57344.0, false, true};
  static constexpr FloatSpec kE2M1{2, 1, 1, 6.0, false, false};
  switch (type) {
    case DType::kF16: return &kF16;
    case DType::kBF16: return &kBF16;
    case DType::kTF32: return &kTF32;
    case DType::kF8E4M3FN: return &kE4M3FN;
    case DType::kF8E4M3FNUZ: return &kE4M3FNUZ;
    case DType::kF8E5M2: return &kE5M2;
    case DType::kF8E5M2FNUZ: return &kE5M2FNUZ;
    case DType::kF4E2M1: return &kE2M1;
    default: return nullptr;
  }
}

double load_element(DType t, const void* data, int64_t index) {
  double value = 0;
  load_elements(t, data, index, 1, &value);
  return value;
}

void store_element(DType t, void* data, int64_t index, double value) {
  store_elements(t, data, index, 1, &value);
}

double round_to(DType t, double value) {
  if (t == DType::kF64 || t == DType::kC128) return value;
  if (t == DType::kF32 || t == DType::kC64) return static_cast<double>(static_cast<float>(value));
  alignas(16) unsigned char cell[16] = {};
  store_element(t, cell, 0, value);
  return load_element(t, cell, 0);
}

}  // namespace tenfold
