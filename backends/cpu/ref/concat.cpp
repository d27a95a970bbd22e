// Concat: inputs one after the other along `axis`.
#include <cstring>

#include "backends/cpu/ref/common.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

std::unique_ptr<RefKernel> make(const Problem& p, int) {
  const Extents y = output_dims(p);
  const int axis = normal_axis(p.attrs.i("axis", 0), y.size());
  const AxisView v = axis_view(y, axis);
  std::vector<int64_t> extents;
  for (int k = 0; k < p.anchor_inputs; ++k)
    extents.push_back(input_dims(p, k)[static_cast<size_t>(axis)]);
  return kernel_of([v, extents](const RefArgs& args) {
    int64_t at = 0;
    for (size_t k = 0; k < extents.size(); ++k) {
      const int64_t run = extents[k] * v.inner;
      for (int64_t o = 0; o < v.outer && run > 0; ++o)
        std::memcpy(args.out[0] + (o * v.extent + at) * v.inner, args.in[k].f64 + o * run,
                    static_cast<size_t>(run) * sizeof(double));
      at += extents[k];
    }
  });
}

Verdict check(const Problem& p) {
  if (Verdict v = expect_operands(p, 1, 1 << 20, 1); !v) return v;
  const Shape& y = p.outputs[0].dims;
  const int axis = normal_axis(p.attrs.i("axis", 0), y.size());
  if (axis < 0) return Verdict::no("Concat: axis is out of range");
  Dim sum = 0;
  for (int k = 0; k < p.anchor_inputs; ++k) {
    const Shape& x = p.inputs[static_cast<size_t>(k)].dims;
    if (x.size() != y.size()) return Verdict::no("Concat: operands differ in rank");
    for (size_t d = 0; d < y.size(); ++d)
      if (static_cast<int>(d) != axis && !(x[d] == y[d]))
        return Verdict::no("Concat: operands differ beyond the axis");
    sum = sum + x[static_cast<size_t>(axis)];
  }
  if (!(sum == y[static_cast<size_t>(axis)])) return Verdict::no("Concat: extents do not add up");
  return {};
}

}  // namespace

std::unique_ptr<Row> ref_concat() {
  return ref::make_ref_row({"Concat", {"Concat(...)"}, make, check});
}

}  // namespace tenfold::cpu
