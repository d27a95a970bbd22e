// Gather(x, indices) {axis}: slices of x along the axis; negative indices count from the end,
// others beyond the axis yield NaN.
#include <limits>

#include "backends/cpu/ref/common.h"
#include "src/base/threads.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

std::unique_ptr<RefKernel> make(const Problem& p, int) {
  const Extents x = input_dims(p, 0);
  const AxisView v = axis_view(x, normal_axis(p.attrs.i("axis", 0), x.size()));
  const int64_t chosen = element_count(input_dims(p, 1));
  return kernel_of([v, chosen](const RefArgs& args) {
    parallel_for(
        v.outer * chosen, 4,
        [&](int64_t from, int64_t to) {
          for (int64_t i = from; i < to; ++i) {
            const double wanted = args.in[1].f64[i % chosen];
            const double index = wanted < 0 ? wanted + static_cast<double>(v.extent) : wanted;
            const bool inside = index >= 0 && index < static_cast<double>(v.extent);
            const int64_t at =
                inside ? (i / chosen * v.extent + static_cast<int64_t>(index)) * v.inner : 0;
            for (int64_t k = 0; k < v.inner; ++k)
              args.out[0][i * v.inner + k] =
                  inside ? args.in[0].f64[at + k] : std::numeric_limits<double>::quiet_NaN();
          }
        },
        args.threads);
  });
}

Verdict check(const Problem& p) {
  if (Verdict v = expect_operands(p, 2, 2, 1); !v) return v;
  const Shape &x = p.inputs[0].dims, &indices = p.inputs[1].dims;
  const int axis = normal_axis(p.attrs.i("axis", 0), x.size());
  if (axis < 0) return Verdict::no("Gather: axis is out of range");
  Shape y(x.begin(), x.begin() + axis);
  y.insert(y.end(), indices.begin(), indices.end());
  y.insert(y.end(), x.begin() + axis + 1, x.end());
  return p.outputs[0].dims == y ? Verdict{} : Verdict::no("Gather: the output's extents differ");
}

}  // namespace

std::unique_ptr<Row> ref_gather() {
  return make_ref_row({"Gather", {"Gather(x, indices)"}, make, check});
}

}  // namespace tenfold::cpu
