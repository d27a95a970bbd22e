// TopK {k, axis, largest}: the k largest (or smallest) values along an axis in order, and their
// indices. Among equals the smaller index comes first; NaN comes before every number.
#include <algorithm>

#include "backends/cpu/ref/common.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

// `workspace` holds the order of one line.
struct Select {
  AxisView v;
  int64_t k;
  bool largest;

  void operator()(const RefArgs& args) const {
    double* order = args.workspace;
    for (int64_t i = 0; i < v.outer * v.inner; ++i) {
      const int64_t place = i / v.inner, column = i % v.inner;
      const double* x = args.in[0].f64 + place * v.extent * v.inner + column;
      auto value = [&](double index) { return x[static_cast<int64_t>(index) * v.inner]; };
      for (int64_t j = 0; j < v.extent; ++j) order[j] = static_cast<double>(j);
      std::partial_sort(order, order + k, order + v.extent, [&](double a, double b) {
        const double p = value(a), q = value(b);
        if ((p != p) != (q != q)) return p != p;
        if (p == q || p != p) return a < b;
        return largest ? p > q : p < q;
      });
      for (int64_t j = 0; j < k; ++j) {
        const int64_t at = (place * k + j) * v.inner + column;
        args.out[0][at] = value(order[j]);
        if (args.out.size() > 1) args.out[1][at] = order[j];
      }
    }
  }
};

std::unique_ptr<RefKernel> make(const Problem& p, int) {
  const Extents x = input_dims(p, 0);
  const int axis = normal_axis(p.attrs.i("axis", -1), x.size());
  const Select s{axis_view(x, axis), output_dims(p)[static_cast<size_t>(axis)],
                 p.attrs.i("largest", 1) != 0};
  return kernel_of(s, s.v.extent);
}

Verdict check(const Problem& p) {
  if (Verdict v = expect_operands(p, 1, 1, 1); !v) return v;
  const Shape& x = p.inputs[0].dims;
  const int axis = normal_axis(p.attrs.i("axis", -1), x.size());
  if (axis < 0) return Verdict::no("TopK: axis is out of range");
  if (!p.expr.empty() || p.outputs.size() > 2) return Verdict::no("TopK: takes no epilogue");
  for (const Operand& o : p.outputs) {
    if (o.dims.size() != x.size()) return Verdict::no("TopK: an output's rank differs");
    for (size_t d = 0; d < x.size(); ++d)
      if (!(o.dims[d] == (static_cast<int>(d) == axis ? p.outputs[0].dims[d] : x[d])))
        return Verdict::no("TopK: an output's extents differ");
    const Dim& k = o.dims[static_cast<size_t>(axis)];
    const Dim& all = x[static_cast<size_t>(axis)];
    if (!k.is_const() || !all.is_const() || k.value() > all.value())
      return Verdict::no("TopK: k must be known and at most the axis");
  }
  return {};
}

}  // namespace

std::unique_ptr<Row> ref_top_k() { return make_ref_row({"TopK", {"TopK(x)"}, make, check}); }

}  // namespace tenfold::cpu
