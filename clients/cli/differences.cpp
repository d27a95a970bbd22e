#include "differences.h"

#include <algorithm>
#include <cmath>
#include <random>

namespace tenfold::cli {
namespace {

// What a whole network's answers may differ by: `of_largest` of the output's largest reference
// value (at least of `floor`) plus `of_value` of the reference value itself; and in direction.
struct Bound {
  double of_largest, of_value, floor, cosine, unit;  // unit: a rounding of 1
};

Bound bound_of(DType precision) {
  switch (precision) {
    case DType::kF64:
    case DType::kF32: return {1e-4, 1e-4, 1e-6, 0.99999, 0x1p-23};
    case DType::kTF32:  // FP16's digits
    case DType::kF16: return {2.5e-3, 1e-2, 1, 0.999, 0x1p-11};
    case DType::kBF16: return {2e-2, 8e-2, 1, 0.99, 0x1p-8};
    default: return {1e-1, 2e-1, 1, 0.95, 0x1p-4};
  }
}

Difference compare(const std::string& name, const Tensor& got, const Tensor& want,
                   const Bound& allowed, double rounding) {
  Difference d{name};
  d.count = want.count();
  d.rounding = rounding;
  double scale = 0, dot = 0, aa = 0, bb = 0;
  for (int64_t k = 0; k < want.count(); ++k)
    if (std::isfinite(want.at(k))) scale = std::max(scale, std::abs(want.at(k)));
  for (int64_t k = 0; k < want.count(); ++k) {
    const double a = got.at(k), b = want.at(k);
    const double bound = allowed.of_largest * std::max(scale, allowed.floor) +
                         allowed.of_value * std::abs(b) + kRoundings * rounding;
    const bool same = a == b || (std::isnan(a) && std::isnan(b));
    d.not_numbers += std::isnan(a) && std::isnan(b);
    const bool finite = std::isfinite(a) && std::isfinite(b);
    const double error = same ? 0 : finite ? std::abs(a - b) : INFINITY;
    d.largest = std::max(d.largest, error);
    d.allowed_share = std::max(d.allowed_share, same ? 0 : finite ? error / bound : INFINITY);
    if (finite) dot += a * b, aa += a * a, bb += b * b;
  }
  const bool tiny = bb <= allowed.floor * allowed.floor * 1e-6;
  d.cosine = aa > 0 && bb > 0 ? dot / std::sqrt(aa * bb) : tiny || aa == bb;
  if (std::isinf(d.largest)) d.cosine = 0;  // of the finite values it would say nothing
  d.ok = d.allowed_share <= 1 && (tiny || d.cosine >= allowed.cosine);
  return d;
}

// Moves every float by `unit` of itself, up or down; integers stay. Whether there was one.
bool nudge(Named& inputs, double unit) {
  bool any = false;
  std::minstd_rand rng(1);
  for (auto& [name, tensor] : inputs) {
    if (!is_float(tensor.dtype())) continue;
    any = true;
    tensor = tensor.clone();
    for (int64_t k = 0; k < tensor.count(); ++k) {
      const double factor = 1 + (rng() & 64 ? unit : -unit);
      store_element(tensor.dtype(), tensor.mutable_data(), k, tensor.at(k) * factor);
    }
  }
  return any;
}

double largest_change(const Tensor& a, const Tensor& b) {
  double largest = 0;
  for (int64_t k = 0; k < a.count(); ++k) {
    const double change = std::abs(a.at(k) - b.at(k));
    if (std::isfinite(change)) largest = std::max(largest, change);
  }
  return largest;
}

}  // namespace

std::vector<Difference> differences_of(const Named& got, const Named& inputs, DType precision,
                                       const std::function<Named(const Named&)>& reference) {
  const Bound bound = bound_of(precision);
  const Named want = reference(inputs);
  std::vector<Difference> differences;
  bool ok = true;
  for (const auto& [name, tensor] : want) {
    differences.push_back(compare(name, got.at(name), tensor, bound, 0));
    ok = ok && differences.back().ok;
  }
  Named moved = inputs;
  if (ok || !nudge(moved, bound.unit)) return differences;
  moved = reference(moved);
  for (Difference& d : differences) {
    const Tensor& tensor = want.at(d.output);
    if (!d.ok)
      d = compare(d.output, got.at(d.output), tensor, bound,
                  largest_change(tensor, moved.at(d.output)));
  }
  return differences;
}

}  // namespace tenfold::cli
