// Checked 64-bit arithmetic for sizes: overflow throws Error{kResource}, never wraps.
#pragma once

#include <cstdint>

#include "tenfold/diag.h"

namespace tenfold {

[[noreturn]] inline void throw_overflow() {
  throw Error(Code::kResource, "a size does not fit into 64 bits");
}
inline int64_t checked_add(int64_t a, int64_t b) {
  int64_t r = 0;
  if (__builtin_add_overflow(a, b, &r)) throw_overflow();
  return r;
}
inline int64_t checked_sub(int64_t a, int64_t b) {
  int64_t r = 0;
  if (__builtin_sub_overflow(a, b, &r)) throw_overflow();
  return r;
}
inline int64_t checked_mul(int64_t a, int64_t b) {
  int64_t r = 0;
  if (__builtin_mul_overflow(a, b, &r)) throw_overflow();
  return r;
}
// Rounds toward minus infinity. Error{kInvalid} when b is 0.
inline int64_t checked_floor_div(int64_t a, int64_t b) {
  if (b == 0) throw Error(Code::kInvalid, "a dimension is divided by zero");
  if (a == INT64_MIN && b == -1) throw_overflow();
  const int64_t q = a / b;
  return q - ((a % b != 0 && (a % b < 0) != (b < 0)) ? 1 : 0);
}
// The remainder that goes with checked_floor_div: it has the divisor's sign.
// Error{kInvalid} when b is 0.
inline int64_t checked_floor_mod(int64_t a, int64_t b) {
  if (b == 0) throw Error(Code::kInvalid, "a dimension is divided by zero");
  if (b == -1) return 0;
  const int64_t r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}
// The smallest multiple of `unit` (positive) that is at least `a` (not negative).
inline int64_t checked_round_up(int64_t a, int64_t unit) {
  return checked_mul(checked_add(a, unit - 1) / unit, unit);
}

}  // namespace tenfold
