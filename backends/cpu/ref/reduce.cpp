// Reductions over `axes` (all when empty): mean, sum, max, min, product, L1, L2, sum of squares,
// log of the sum, log of the sum of exponentials.
#include <cmath>
#include <limits>

#include "backends/cpu/ref/common.h"
#include "src/base/threads.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

enum class Kind { kMean, kSum, kMax, kMin, kProd, kL1, kL2, kSumSquare, kLogSum, kLogSumExp };

std::vector<bool> reduced_axes(const Problem& p) {
  const size_t rank = p.inputs[0].dims.size();
  const auto axes = p.attrs.ints("axes");
  std::vector<bool> reduced(rank, axes.empty());
  for (int64_t a : axes) reduced[static_cast<size_t>(normal_axis(a, rank))] = true;
  return reduced;
}

// Row-major offsets into `dims` of the walk over the chosen axes.
std::vector<int64_t> offsets_over(const Extents& dims, const std::vector<bool>& chosen,
                                  bool which) {
  const Extents strides = dense_strides(dims);
  std::vector<int64_t> list = {0};
  for (size_t d = 0; d < dims.size(); ++d) {
    if (chosen[d] != which) continue;
    std::vector<int64_t> longer;
    longer.reserve(list.size() * static_cast<size_t>(dims[d]));
    for (int64_t base : list)
      for (int64_t k = 0; k < dims[d]; ++k) longer.push_back(base + k * strides[d]);
    list = std::move(longer);
  }
  return list;
}

template <Kind kKind>
double reduce(const double* x, const std::vector<int64_t>& offsets) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double r = kKind == Kind::kMax || kKind == Kind::kLogSumExp ? -kInfinity
             : kKind == Kind::kMin                            ? kInfinity
             : kKind == Kind::kProd                           ? 1
                                                              : 0;
  for (int64_t o : offsets) {
    const double v = x[o];
    if constexpr (kKind == Kind::kMax || kKind == Kind::kLogSumExp)
      r = v > r || v != v ? v : r;
    else if constexpr (kKind == Kind::kMin)
      r = v < r || v != v ? v : r;
    else if constexpr (kKind == Kind::kProd)
      r *= v;
    else if constexpr (kKind == Kind::kL1)
      r += std::fabs(v);
    else if constexpr (kKind == Kind::kL2 || kKind == Kind::kSumSquare)
      r += v * v;
    else
      r += v;
  }
  if constexpr (kKind == Kind::kMean) return r / static_cast<double>(offsets.size());
  if constexpr (kKind == Kind::kL2) return std::sqrt(r);
  if constexpr (kKind == Kind::kLogSum) return std::log(r);
  if constexpr (kKind == Kind::kLogSumExp) {
    const double shift = std::isinf(r) ? 0 : r;
    double sum = 0;
    for (int64_t o : offsets) sum += std::exp(x[o] - shift);
    return shift + std::log(sum);
  }
  return r;
}

template <Kind kKind>
std::unique_ptr<RefKernel> make(const Problem& p, int) {
  const Extents x = input_dims(p, 0);
  const auto reduced = reduced_axes(p);
  auto outer = offsets_over(x, reduced, false), inner = offsets_over(x, reduced, true);
  return kernel_of([outer = std::move(outer), inner = std::move(inner)](const RefArgs& args) {
    parallel_for(
        static_cast<int64_t>(outer.size()), 8,
        [&](int64_t from, int64_t to) {
          for (int64_t i = from; i < to; ++i)
            args.out[0][i] = reduce<kKind>(args.in[0].f64 + outer[static_cast<size_t>(i)], inner);
        },
        args.threads);
  });
}

Verdict check(const Problem& p) {
  if (Verdict v = expect_operands(p, 1, 1); !v) return v;
  Dim kept = 1;
  const Shape& x = p.inputs[0].dims;
  for (int64_t a : p.attrs.ints("axes"))
    if (normal_axis(a, x.size()) < 0) return Verdict::no(p.op + ": an axis is out of range");
  const auto reduced = reduced_axes(p);
  for (size_t d = 0; d < x.size(); ++d)
    if (!reduced[d]) kept = kept * x[d];
  if (!(kept == element_count(p.outputs[0].dims)))
    return Verdict::no(p.op + ": the output's extents differ");
  return {};
}

template <Kind kKind>
std::unique_ptr<Row> row(const char* op) {
  return make_ref_row({op, {std::string(op) + "(x)"}, make<kKind>, check});
}

}  // namespace

std::unique_ptr<Row> ref_reduce_mean() { return row<Kind::kMean>("ReduceMean"); }
std::unique_ptr<Row> ref_reduce_sum() { return row<Kind::kSum>("ReduceSum"); }
std::unique_ptr<Row> ref_reduce_max() { return row<Kind::kMax>("ReduceMax"); }
std::unique_ptr<Row> ref_reduce_min() { return row<Kind::kMin>("ReduceMin"); }
std::unique_ptr<Row> ref_reduce_prod() { return row<Kind::kProd>("ReduceProd"); }
std::unique_ptr<Row> ref_reduce_l1() { return row<Kind::kL1>("ReduceL1"); }
std::unique_ptr<Row> ref_reduce_l2() { return row<Kind::kL2>("ReduceL2"); }
std::unique_ptr<Row> ref_reduce_sum_square() { return row<Kind::kSumSquare>("ReduceSumSquare"); }
std::unique_ptr<Row> ref_reduce_log_sum() { return row<Kind::kLogSum>("ReduceLogSum"); }
std::unique_ptr<Row> ref_reduce_log_sum_exp() { return row<Kind::kLogSumExp>("ReduceLogSumExp"); }

}  // namespace tenfold::cpu
