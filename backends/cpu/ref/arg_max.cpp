// ArgMax, ArgMin: the index of the largest (smallest) element along an axis; of equals the first,
// or the last with select_last_index. The first NaN comes before every number.
#include "backends/cpu/ref/common.h"
#include "src/base/threads.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

template <bool kMin>
std::unique_ptr<RefKernel> make(const Problem& p, int) {
  const Extents x = input_dims(p, 0);
  const AxisView v = axis_view(x, normal_axis(p.attrs.i("axis", 0), x.size()));
  const bool last = p.attrs.i("select_last_index", 0) != 0;
  return kernel_of([v, last](const RefArgs& args) {
    parallel_for(
        v.outer * v.inner, 16,
        [&](int64_t from, int64_t to) {
          for (int64_t i = from; i < to; ++i) {
            const double* src = args.in[0].f64 + i / v.inner * v.extent * v.inner + i % v.inner;
            int64_t best = 0;
            for (int64_t k = 1; k < v.extent && src[best * v.inner] == src[best * v.inner]; ++k) {
              const double x = src[k * v.inner], most = src[best * v.inner];
              if ((kMin ? !(x >= most) : !(x <= most)) || (last && x == most)) best = k;
            }
            args.out[0][i] = static_cast<double>(best);
          }
        },
        args.threads);
  });
}

Verdict check(const Problem& p) {
  if (Verdict v = expect_operands(p, 1, 1, 1); !v) return v;
  const Shape& x = p.inputs[0].dims;
  const int axis = normal_axis(p.attrs.i("axis", 0), x.size());
  if (axis < 0) return Verdict::no(p.op + ": axis is out of range");
  Shape kept = x;
  kept[static_cast<size_t>(axis)] = 1;
  if (!(element_count(kept) == element_count(p.outputs[0].dims)))
    return Verdict::no(p.op + ": the output's extents differ");
  return {};
}

}  // namespace

std::unique_ptr<Row> ref_arg_max() {
  return ref::make_ref_row({"ArgMax", {"ArgMax(x)"}, make<false>, check});
}
std::unique_ptr<Row> ref_arg_min() {
  return ref::make_ref_row({"ArgMin", {"ArgMin(x)"}, make<true>, check});
}

}  // namespace tenfold::cpu
