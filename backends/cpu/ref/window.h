// Spatial windows of convolutions and poolings, one to three axes, as three.
#pragma once

#include "backends/cpu/ref/common.h"

namespace tenfold::cpu::ref {

// Sizes of one spatial axis.
struct Axis {
  int64_t in = 1, out = 1, kernel = 1, stride = 1, dilation = 1, begin = 0, end = 0;
};

// Axes z, y, x; missing ones have extent 1.
struct Window {
  Axis z, y, x;
  int64_t in_size() const { return z.in * y.in * x.in; }
  int64_t out_size() const { return z.out * y.out * x.out; }
  int64_t taps() const { return z.kernel * y.kernel * x.kernel; }
};

// `kernel`: extents of the window.
inline Window window_of(const Problem& bound, const std::vector<int64_t>& kernel) {
  const Extents in = input_dims(bound, 0), out = output_dims(bound);
  const size_t rank = in.size() - 2;
  const Spatial s = spatial_of(bound, kernel, rank);
  Window w;
  Axis* axes[] = {&w.z, &w.y, &w.x};
  for (size_t k = 0; k < rank; ++k)
    *axes[3 - rank + k] = {in[2 + k],      out[2 + k], s.kernel[k], s.strides[k],
                           s.dilations[k], s.begin[k], s.end[k]};
  return w;
}

inline Verdict check_window(const Problem& p, int operands_least, int operands_most) {
  if (Verdict v = expect_operands(p, operands_least, operands_most, 3); !v) return v;
  const size_t rank = p.inputs[0].dims.size();
  if (rank > 5) return Verdict::no(p.op + ": more than three spatial axes");
  if (p.outputs[0].dims.size() != rank) return Verdict::no(p.op + ": the output's rank differs");
  if (std::string why = spatial_problem(p, rank - 2); !why.empty())
    return Verdict::no(p.op + ": " + why);
  return {};
}

// The same, and that weights of dims [first, second, kernel...] fit the groups. `transposed`: first
// counts the input's channels, else the output's; second is the other's share of a group.
inline Verdict check_weights(const Problem& p, bool transposed) {
  if (Verdict v = check_window(p, 2, 3); !v) return v;
  const int64_t group = p.attrs.i("group", 1);
  const Shape &x = p.inputs[0].dims, &w = p.inputs[1].dims, &y = p.outputs[0].dims;
  if (w.size() != x.size()) return Verdict::no(p.op + ": weights and input differ in rank");
  if (group < 1) return Verdict::no(p.op + ": group is not positive");
  if (!x[1].is_const() || !y[1].is_const() || !is_const(w))
    return Verdict::no(p.op + ": channels and weights must have known extents");
  const int64_t in = x[1].value(), out = y[1].value();
  if (in % group || out % group || w[0].value() != (transposed ? in : out) ||
      w[1].value() != (transposed ? out : in) / group)
    return Verdict::no(p.op + ": channels, groups and weights do not fit together");
  return {};
}

}  // namespace tenfold::cpu::ref
