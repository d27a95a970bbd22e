// BatchNormalization(x, scale, b, mean, var): y = scale * (x - mean) / sqrt(var + epsilon) + b, per
// channel (axis 1).
#include <cmath>

#include "backends/cpu/ref/common.h"
#include "src/base/threads.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

std::unique_ptr<RefKernel> make(const Problem& p, int) {
  const Extents x = input_dims(p, 0);
  const AxisView v = axis_view(x, 1);
  const double epsilon = p.attrs.f("epsilon", 1e-5);
  return kernel_of([v, epsilon](const RefArgs& args) {
    parallel_for(
        v.outer * v.extent, 1,
        [&](int64_t from, int64_t to) {
          for (int64_t i = from; i < to; ++i) {
            const int64_t c = i % v.extent;
            const double scale = args.in[1].f64[c] / std::sqrt(args.in[4].f64[c] + epsilon);
            for (int64_t k = i * v.inner; k < (i + 1) * v.inner; ++k)
              args.out[0][k] = (args.in[0].f64[k] - args.in[3].f64[c]) * scale + args.in[2].f64[c];
          }
        },
        args.threads);
  });
}

Verdict check(const Problem& p) {
  if (Verdict v = expect_operands(p, 5, 5); !v) return v;
  if (p.inputs[0].dims.size() < 2)
    return Verdict::no("BatchNormalization: the input has no channels");
  for (size_t k = 1; k < 5; ++k)
    if (!(element_count(p.inputs[k].dims) == p.inputs[0].dims[1]))
      return Verdict::no("BatchNormalization: a parameter is not one value per channel");
  return {};
}

}  // namespace

std::unique_ptr<Row> ref_batch_normalization() {
  return ref::make_ref_row(
      {"BatchNormalization", {"BatchNormalization(x, scale, b, mean, var)"}, make, check});
}

}  // namespace tenfold::cpu
