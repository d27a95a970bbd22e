// Resize {mode, coordinates, rounding, scales}: resamples the spatial axes to the output's extents.
// Position of output k on the input: half_pixel (k + 1/2) / s - 1/2, asymmetric k / s,
// align_corners k (in - 1) / (out - 1), with s = out / in unless `scales` says. Linear interpolates
// between the two neighbours, nearest takes the one that `rounding` says; both stay inside the
// input.
#include "backends/cpu/ref/common.h"
#include "backends/cpu/ref/sources.h"
#include "src/base/threads.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

struct Sampler {
  int64_t planes = 0;
  Extents in, out;  // three spatial axes
  std::vector<std::vector<Tap>> taps;  // by axis

  void operator()(const RefArgs& args) const {
    const int64_t in_size = product(in, 0, 3), out_size = product(out, 0, 3);
    parallel_for(
        planes * out[0] * out[1], 8,
        [&](int64_t from, int64_t to) {
          for (int64_t row = from; row < to; ++row) {
            const double* x = args.in[0].f64 + row / (out[0] * out[1]) * in_size;
            double* y =
                args.out[0] + row / (out[0] * out[1]) * out_size + row % (out[0] * out[1]) * out[2];
            const Tap &a = taps[0][static_cast<size_t>(row / out[1] % out[0])],
                      &b = taps[1][static_cast<size_t>(row % out[1])];
            for (int64_t k = 0; k < out[2]; ++k)
              y[k] = sample(x, a, b, taps[2][static_cast<size_t>(k)]);
          }
        },
        args.threads);
  }
  double sample(const double* x, const Tap& a, const Tap& b, const Tap& c) const {
    double sum = 0;
    for (int corner = 0; corner < 8; ++corner) {
      const bool i = corner & 4, j = corner & 2, k = corner & 1;
      const double w = (i ? a.weight : 1 - a.weight) * (j ? b.weight : 1 - b.weight) *
                       (k ? c.weight : 1 - c.weight);
      if (w == 0) continue;
      sum +=
          w *
          x[((i ? a.high : a.low) * in[1] + (j ? b.high : b.low)) * in[2] + (k ? c.high : c.low)];
    }
    return sum;
  }
};

std::unique_ptr<RefKernel> make(const Problem& p, int) {
  const Extents x = input_dims(p, 0), y = output_dims(p);
  Sampler s{product(x, 0, 2), Extents(3, 1), Extents(3, 1),
            std::vector<std::vector<Tap>>(3, std::vector<Tap>(1))};
  const size_t spatial = x.size() - 2;
  for (size_t k = 0; k < spatial; ++k) {
    const size_t axis = 3 - spatial + k;
    s.in[axis] = x[2 + k];
    s.out[axis] = y[2 + k];
    s.taps[axis] = resize_taps(p, k);
  }
  return kernel_of(std::move(s));
}

Verdict check(const Problem& p) {
  if (Verdict v = expect_operands(p, 1, 1, 3); !v) return v;
  const Shape &x = p.inputs[0].dims, &y = p.outputs[0].dims;
  if (x.size() > 5 || y.size() != x.size() || !(x[0] == y[0]) || !(x[1] == y[1]))
    return Verdict::no("Resize: changes spatial axes only, one to three");
  const std::string mode = p.attrs.s("mode", "nearest");
  if (mode != "nearest" && mode != "linear")
    return Verdict::no("Resize: mode '" + mode + "' is not known");
  const auto scales = p.attrs.floats("scales");
  if (!scales.empty() && scales.size() != x.size() - 2)
    return Verdict::no("Resize: scales has the wrong length");
  for (const double s : scales)
    if (!(s > 0 && s < 1e9)) return Verdict::no("Resize: a scale is out of range");
  return {};
}

}  // namespace

std::unique_ptr<Row> ref_resize() { return make_ref_row({"Resize", {"Resize(x)"}, make, check}); }

}  // namespace tenfold::cpu
