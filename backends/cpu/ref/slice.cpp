// Slice {starts, ends, axes, steps}: elements start, start + step, ... before end along each axis.
// Negative starts and ends count from the end; both are cut to the axis. Split {axis}: consecutive
// pieces, as long as the outputs say.
#include "backends/cpu/ref/movement.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

std::unique_ptr<RefKernel> make_slice(const Problem& p, int) {
  const Extents x = input_dims(p, 0), y = output_dims(p), strides = dense_strides(x);
  const auto starts = p.attrs.ints("starts"), axes = p.attrs.ints("axes"),
             steps = p.attrs.ints("steps");
  std::vector<int64_t> first(x.size(), 0), step(x.size(), 1);
  for (size_t k = 0; k < starts.size(); ++k) {
    const auto d = static_cast<size_t>(axes.empty() ? static_cast<int64_t>(k)
                                                    : normal_axis(axes[k], x.size()));
    step[d] = k < steps.size() ? steps[k] : 1;
    const int64_t at = starts[k] < 0 ? starts[k] + x[d] : starts[k];
    first[d] = std::clamp<int64_t>(at, 0, step[d] < 0 ? std::max<int64_t>(x[d] - 1, 0) : x[d]);
  }
  Movement m(y);
  for (size_t d = 0; d < y.size(); ++d)
    for (int64_t k = 0; k < y[d]; ++k) {
      const int64_t at = first[d] + k * step[d];
      m.table[d][static_cast<size_t>(k)] =
          at >= 0 && at < x[d] ? at * strides[d] : Movement::kOutside;
    }
  return kernel_of(std::move(m));
}

Verdict check_slice(const Problem& p) {
  if (Verdict v = expect_operands(p, 1, 1, 1); !v) return v;
  const size_t rank = p.inputs[0].dims.size();
  if (p.outputs[0].dims.size() != rank) return Verdict::no("Slice: the output's rank differs");
  const auto starts = p.attrs.ints("starts"), ends = p.attrs.ints("ends");
  const auto axes = p.attrs.ints("axes"), steps = p.attrs.ints("steps");
  if (starts.size() != ends.size() || (!axes.empty() && axes.size() != starts.size()) ||
      (!steps.empty() && steps.size() != starts.size()) || starts.size() > rank)
    return Verdict::no("Slice: starts, ends, axes and steps differ in length");
  for (int64_t a : axes)
    if (normal_axis(a, rank) < 0) return Verdict::no("Slice: an axis is out of range");
  for (int64_t s : steps)
    if (s == 0) return Verdict::no("Slice: a step is zero");
  return {};
}

std::unique_ptr<RefKernel> make_split(const Problem& p, int) {
  const Extents x = input_dims(p, 0), strides = dense_strides(x);
  const auto axis = static_cast<size_t>(normal_axis(p.attrs.i("axis", 0), x.size()));
  std::vector<Movement> pieces;
  std::vector<int64_t> firsts;
  int64_t at = 0;
  for (size_t o = 0; o < p.outputs.size(); ++o) {
    const Extents y = output_dims(p, static_cast<int>(o));
    Movement m(y);
    for (size_t d = 0; d < y.size(); ++d)
      for (int64_t k = 0; k < y[d]; ++k)
        m.table[d][static_cast<size_t>(k)] = (k + (d == axis ? at : 0)) * strides[d];
    at += y[axis];
    pieces.push_back(std::move(m));
  }
  return kernel_of([pieces = std::move(pieces)](const RefArgs& args) {
    for (size_t k = 0; k < pieces.size(); ++k)
      pieces[k].run(args.in[0].f64, args.out[k], args.threads);
  });
}

Verdict check_split(const Problem& p) {
  if (Verdict v = expect_operands(p, 1, 1, 1); !v) return v;
  const Shape& x = p.inputs[0].dims;
  const int axis = normal_axis(p.attrs.i("axis", 0), x.size());
  if (axis < 0) return Verdict::no("Split: axis is out of range");
  if (!p.expr.empty()) return Verdict::no("Split: takes no epilogue");
  Dim sum = 0;
  for (const Operand& o : p.outputs) {
    if (o.dims.size() != x.size()) return Verdict::no("Split: an output's rank differs");
    for (size_t d = 0; d < x.size(); ++d)
      if (static_cast<int>(d) != axis && !(o.dims[d] == x[d]))
        return Verdict::no("Split: an output differs beyond the axis");
    sum = sum + o.dims[static_cast<size_t>(axis)];
  }
  if (!(sum == x[static_cast<size_t>(axis)])) return Verdict::no("Split: extents do not add up");
  return {};
}

}  // namespace

std::unique_ptr<Row> ref_slice() {
  return make_ref_row({"Slice", {"Slice(x)"}, make_slice, check_slice});
}
std::unique_ptr<Row> ref_split() {
  return make_ref_row({"Split", {"Split(x)"}, make_split, check_split});
}

}  // namespace tenfold::cpu
