// Power (shift + scale x)^power, Exp base^(shift + scale x), Log log_base(shift + scale x).
#include <cmath>

#include "src/import/caffe/layer.h"

namespace tenfold::caffe {
namespace {

// shift + scale x; the last node bears the layer's name when `last`.
ValueId affine(LayerContext& c, ValueId x, double scale, double shift, bool last) {
  const bool shifts = shift != 0;
  if (scale != 1)
    x = c.add("Mul", {x, c.scalar("scale", scale)}, {}, shifts || !last ? "scaled" : "");
  if (shifts) x = c.add("Add", {x, c.scalar("shift", shift)}, {}, last ? "" : "shifted");
  return x;
}

}  // namespace

CAFFE_LAYER_IMPORT(Power) {
  c.expect(1, 1, 1, 1);
  const PowerParameter& p = c.layer().power_param();
  const double power = p.power(), scale = p.scale(), shift = p.shift();
  if (power == 1) {
    const bool nothing = scale == 1 && shift == 0;
    c.top(nothing ? c.add("Identity", {c.bottom()}) : affine(c, c.bottom(), scale, shift, true));
    return;
  }
  const ValueId x = affine(c, c.bottom(), scale, shift, false);
  c.top(c.add("Pow", {x, c.scalar("power", power)}));
}

CAFFE_LAYER_IMPORT(Exp) {
  c.expect(1, 1, 1, 1);
  const ExpParameter& p = c.layer().exp_param();
  const double base = p.base();
  if (base != -1 && !(base > 0)) LayerContext::invalid("base must be positive (or -1 for e)");
  const double factor = base == -1 ? 1 : std::log(base);
  const ValueId x = affine(c, c.bottom(), factor * p.scale(), factor * p.shift(), false);
  c.top(c.add("Exp", {x}));
}

CAFFE_LAYER_IMPORT(Log) {
  c.expect(1, 1, 1, 1);
  const LogParameter& p = c.layer().log_param();
  const double base = p.base();
  if (base != -1 && (!(base > 0) || base == 1))
    LayerContext::invalid("base must be positive and not 1 (or -1 for e)");
  const ValueId x = affine(c, c.bottom(), p.scale(), p.shift(), false);
  if (base == -1) {
    c.top(c.add("Log", {x}));
    return;
  }
  const ValueId y = c.add("Log", {x}, {}, "log");
  c.top(c.add("Mul", {y, c.scalar("base", 1 / std::log(base))}));
}

}  // namespace tenfold::caffe
