// Pad {pads = begins then ends of all axes, value, mode = constant | edge | reflect}. Negative pads
// cut.
#include "backends/cpu/ref/movement.h"
#include "backends/cpu/ref/sources.h"

namespace tenfold::cpu {
namespace {

using namespace ref;

std::unique_ptr<RefKernel> make(const Problem& p, int) {
  const Extents x = input_dims(p, 0), y = output_dims(p), strides = dense_strides(x);
  const auto pads = p.attrs.ints("pads");
  const std::string mode = p.attrs.s("mode", "constant");
  Movement m(y);
  m.fill = p.attrs.f("value", 0);
  for (size_t d = 0; d < y.size(); ++d)
    for (int64_t k = 0; k < y[d]; ++k) {
      const int64_t at = pad_source(mode, x[d], pads[d], k);
      m.table[d][static_cast<size_t>(k)] = at >= 0 ? at * strides[d] : Movement::kOutside;
    }
  return kernel_of(std::move(m));
}

Verdict check(const Problem& p) {
  if (Verdict v = expect_operands(p, 1, 1); !v) return v;
  const Shape &x = p.inputs[0].dims, &y = p.outputs[0].dims;
  const auto pads = p.attrs.ints("pads");
  if (pads.size() != 2 * x.size() || y.size() != x.size())
    return Verdict::no("Pad: pads must give a begin and an end for every axis");
  const std::string mode = p.attrs.s("mode", "constant");
  if (mode != "constant" && mode != "edge" && mode != "reflect")
    return Verdict::no("Pad: mode '" + mode + "' is not known");
  for (size_t d = 0; d < x.size(); ++d)
    if (!(y[d] == x[d] + Dim(pads[d]) + Dim(pads[d + x.size()])))
      return Verdict::no("Pad: extents differ");
  return {};
}

}  // namespace

std::unique_ptr<Row> ref_pad() { return ref::make_ref_row({"Pad", {"Pad(x)"}, make, check}); }

}  // namespace tenfold::cpu
