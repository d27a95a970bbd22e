// Walking the windows of a pooling.
#pragma once

#include <algorithm>

#include "backends/cpu/ref/window.h"
#include "src/base/threads.h"

namespace tenfold::cpu::ref {

// The window of an output position along one axis: taps that lie inside the input are
// first + k * dilation for k in [0, count); `span` counts those inside the input and its padding.
struct Taps {
  int64_t first = 0, count = 0, span = 0;
};
inline Taps taps_of(const Axis& a, int64_t out) {
  Taps t;
  const int64_t start = out * a.stride - a.begin;
  const int64_t k = start >= 0 ? 0 : (-start + a.dilation - 1) / a.dilation;
  t.first = start + k * a.dilation;
  // Taps from position `from` on that lie before `end`; windows may be far larger than the input.
  const auto before = [&](int64_t from, int64_t end) {
    return end > from ? (end - from + a.dilation - 1) / a.dilation : 0;
  };
  t.count = std::clamp<int64_t>(before(t.first, a.in), 0, std::max<int64_t>(a.kernel - k, 0));
  t.span = std::min(before(start, a.in + a.end), a.kernel);
  return t;
}

// Calls pool(plane, z taps, y taps, x taps) for each output; writes what it returns.
template <typename F>
void for_windows(const Window& w, int64_t planes, const RefArgs& args, F&& pool) noexcept {
  parallel_for(
      planes * w.z.out * w.y.out, 8,
      [&](int64_t from, int64_t to) {
        for (int64_t row = from; row < to; ++row) {
          const double* plane = args.in[0].f64 + row / (w.z.out * w.y.out) * w.in_size();
          const Taps z = taps_of(w.z, row / w.y.out % w.z.out), y = taps_of(w.y, row % w.y.out);
          for (int64_t x = 0; x < w.x.out; ++x)
            args.out[0][row * w.x.out + x] = pool(plane, z, y, taps_of(w.x, x));
        }
      },
      args.threads);
}

// Calls visit(value) for each input element of a window.
template <typename F>
void for_taps(const Window& w, const double* plane, const Taps& z, const Taps& y, const Taps& x,
              F&& visit) {
  for (int64_t i = 0; i < z.count; ++i)
    for (int64_t j = 0; j < y.count; ++j) {
      const double* row =
          plane + ((z.first + i * w.z.dilation) * w.y.in + y.first + j * w.y.dilation) * w.x.in;
      for (int64_t k = 0; k < x.count; ++k) visit(row[x.first + k * w.x.dilation]);
    }
}

inline Verdict check_pool(const Problem& p) {
  if (Verdict v = check_window(p, 1, 1); !v) return v;
  if (p.attrs.ints("kernel").size() != p.inputs[0].dims.size() - 2)
    return Verdict::no(p.op + ": kernel has the wrong number of extents");
  if (!(p.inputs[0].dims[0] == p.outputs[0].dims[0]) ||
      !(p.inputs[0].dims[1] == p.outputs[0].dims[1]))
    return Verdict::no(p.op + ": the output's batch or channels differ");
  return {};
}

}  // namespace tenfold::cpu::ref
