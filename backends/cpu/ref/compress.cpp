// Compress(x, condition) {axis}: the slices whose condition is true, in order, and their number. An
// output that has room for more gets zeros behind them; what it has no room for is counted only.
#include <algorithm>

#include "backends/cpu/ref/common.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

// Without an axis all elements lie along one.
Extents seen_dims(const Problem& p, const Extents& x) {
  return p.attrs.has("axis") ? x : Extents{element_count(x)};
}

int axis_of(const Problem& p, size_t rank) {
  return p.attrs.has("axis") ? normal_axis(p.attrs.i("axis", 0), rank) : 0;
}

std::unique_ptr<RefKernel> make(const Problem& p, int) {
  const Extents x = input_dims(p, 0);
  const int axis = axis_of(p, x.size());
  const AxisView v = axis_view(seen_dims(p, x), axis);
  const int64_t room = output_dims(p)[static_cast<size_t>(axis)];
  const int64_t asked = std::min(element_count(input_dims(p, 1)), v.extent);
  return kernel_of([v, room, asked](const RefArgs& args) {
    double* y = args.out[0];
    std::fill(y, y + v.outer * room * v.inner, 0.0);
    int64_t found = 0;
    for (int64_t k = 0; k < asked; ++k) {
      if (args.in[1].f64[k] == 0) continue;
      for (int64_t o = 0; o < v.outer && found < room; ++o) {
        const double* from = args.in[0].f64 + (o * v.extent + k) * v.inner;
        std::copy(from, from + v.inner, y + (o * room + found) * v.inner);
      }
      ++found;
    }
    args.out[1][0] = static_cast<double>(found);
  });
}

Verdict check(const Problem& p) {
  if (Verdict v = expect_operands(p, 2, 2); !v) return v;
  if (!p.expr.empty() || p.outputs.size() != 2) return Verdict::no("Compress: takes no epilogue");
  const Shape& x = p.inputs[0].dims;
  const int axis = axis_of(p, x.size());
  if (axis < 0 || p.inputs[1].dims.size() != 1)
    return Verdict::no("Compress: axis is out of range");
  Shape y = p.attrs.has("axis") ? x : Shape{Dim(0)};
  if (p.outputs[0].dims.size() != y.size() || !p.outputs[1].dims.empty())
    return Verdict::no("Compress: an output's rank differs");
  y[static_cast<size_t>(axis)] = p.outputs[0].dims[static_cast<size_t>(axis)];
  return p.outputs[0].dims == y ? Verdict{} : Verdict::no("Compress: the output's extents differ");
}

}  // namespace

std::unique_ptr<Row> ref_compress() {
  return make_ref_row({"Compress", {"Compress(x, condition)"}, make, check});
}

}  // namespace tenfold::cpu
