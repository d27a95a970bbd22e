// Softmax and LogSoftmax along one axis, shifted by the largest element.
#include <algorithm>
#include <cmath>

#include "backends/cpu/ref/common.h"
#include "src/base/threads.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

template <bool kLog>
std::unique_ptr<RefKernel> make(const Problem& p, int) {
  const Extents x = input_dims(p, 0);
  const AxisView v = axis_view(x, normal_axis(p.attrs.i("axis", -1), x.size()));
  return kernel_of([v](const RefArgs& args) {
    parallel_for(
        v.outer * v.inner, 16,
        [&](int64_t from, int64_t to) {
          for (int64_t i = from; i < to; ++i) {
            const int64_t first = i / v.inner * v.extent * v.inner + i % v.inner;
            const double* src = args.in[0].f64 + first;
            double* dst = args.out[0] + first;
            double most = v.extent > 0 ? src[0] : 0, sum = 0;
            for (int64_t k = 1; k < v.extent; ++k) most = std::max(most, src[k * v.inner]);
            for (int64_t k = 0; k < v.extent; ++k) sum += std::exp(src[k * v.inner] - most);
            for (int64_t k = 0; k < v.extent; ++k) {
              const double shifted = src[k * v.inner] - most;
              dst[k * v.inner] = kLog ? shifted - std::log(sum) : std::exp(shifted) / sum;
            }
          }
        },
        args.threads);
  });
}

Verdict check(const Problem& p) {
  if (Verdict v = expect_operands(p, 1, 1, 1); !v) return v;
  if (normal_axis(p.attrs.i("axis", -1), p.inputs[0].dims.size()) < 0)
    return Verdict::no(p.op + ": axis is out of range");
  return {};
}

}  // namespace

std::unique_ptr<Row> ref_softmax() {
  return ref::make_ref_row({"Softmax", {"Softmax(x)"}, make<false>, check});
}
std::unique_ptr<Row> ref_log_softmax() {
  return ref::make_ref_row({"LogSoftmax", {"LogSoftmax(x)"}, make<true>, check});
}

}  // namespace tenfold::cpu
