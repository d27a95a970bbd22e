// InstanceNormalization(x, scale, b) over the pixels of each channel; LayerNormalization(x, scale[,
// b]) {axis} over the axes from `axis` on: y = scale * (x - mean) / sqrt(variance + epsilon) + b.
#include <cmath>

#include "backends/cpu/ref/common.h"
#include "src/base/threads.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

// Groups of `size` consecutive elements; scale and shift are read at `scale_of`, `shift_of` the
// element.
struct Normalize {
  int64_t groups, size;
  double epsilon;
  Access scale, shift;  // over x, in float64
  bool shifted;

  void operator()(const RefArgs& args) const {
    parallel_for(
        groups, 1,
        [&](int64_t from, int64_t to) {
          for (int64_t g = from; g < to; ++g) {
            const double* x = args.in[0].f64 + g * size;
            double mean = 0, variance = 0;
            for (int64_t k = 0; k < size; ++k) mean += x[k];
            mean /= static_cast<double>(size);
            for (int64_t k = 0; k < size; ++k) variance += (x[k] - mean) * (x[k] - mean);
            const double factor = 1 / std::sqrt(variance / static_cast<double>(size) + epsilon);
            for (int64_t k = 0; k < size; ++k) {
              double a = 1, b = 0;
              scale.read(args.in[1].f64, g * size + k, 1, &a);
              if (shifted) shift.read(args.in[2].f64, g * size + k, 1, &b);
              args.out[0][g * size + k] = (x[k] - mean) * factor * a + b;
            }
          }
        },
        args.threads);
  }
};

// Dims of a parameter, aligned with the channels (instance) or the last axes (layer).
Extents aligned(const Problem& p, int k, bool channels) {
  Extents dims = input_dims(p, k);
  if (channels) dims.insert(dims.end(), p.inputs[0].dims.size() - 2, 1);
  return dims;
}

template <bool kLayer>
std::unique_ptr<RefKernel> make(const Problem& p, int) {
  const Extents x = input_dims(p, 0);
  const auto axis =
      kLayer ? static_cast<size_t>(normal_axis(p.attrs.i("axis", -1), x.size())) : size_t{2};
  const Format dense{DType::kF64, {}};
  const bool shifted = p.anchor_inputs > 2;
  return kernel_of(Normalize{product(x, 0, axis), product(x, axis, x.size()),
                             p.attrs.f("epsilon", 1e-5), Access(dense, aligned(p, 1, !kLayer), x),
                             shifted ? Access(dense, aligned(p, 2, !kLayer), x) : Access(),
                             shifted});
}

template <bool kLayer>
Verdict check(const Problem& p) {
  if (Verdict v = expect_operands(p, kLayer ? 2 : 3, 3, kLayer ? 1 : 3); !v) return v;
  const Shape& x = p.inputs[0].dims;
  if (!(p.outputs[0].dims == x)) return Verdict::no(p.op + ": the output's extents differ");
  if (kLayer && normal_axis(p.attrs.i("axis", -1), x.size()) < 0)
    return Verdict::no(p.op + ": axis is out of range");
  for (size_t k = 1; k < static_cast<size_t>(p.anchor_inputs); ++k) {
    const Shape& s = p.inputs[k].dims;
    if (!kLayer && (s.size() != 1 || !(s[0] == x[1])))
      return Verdict::no(p.op + ": a parameter is not one value per channel");
    if (kLayer && s.size() > x.size()) return Verdict::no(p.op + ": a parameter has too many axes");
  }
  return {};
}

}  // namespace

std::unique_ptr<Row> ref_instance_normalization() {
  return make_ref_row(
      {"InstanceNormalization", {"InstanceNormalization(x, scale, b)"}, make<false>, check<false>});
}
std::unique_ptr<Row> ref_layer_normalization() {
  return make_ref_row(
      {"LayerNormalization", {"LayerNormalization(x, scale)"}, make<true>, check<true>});
}

}  // namespace tenfold::cpu
