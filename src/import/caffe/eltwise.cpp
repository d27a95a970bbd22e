// Eltwise: product, weighted sum or maximum of its bottoms, all of one shape. Caffe takes two or
// more, forks also one.
#include <fmt/format.h>

#include "src/import/caffe/layer.h"

namespace tenfold::caffe {

CAFFE_LAYER_IMPORT(Eltwise) {
  c.expect(1, INT32_MAX, 1, 1);
  const EltwiseParameter& p = c.layer().eltwise_param();
  const size_t count = c.bottom_count();
  const bool sum = p.operation() == EltwiseParameter::SUM;
  if (p.coeff_size() != 0 && !sum) LayerContext::invalid("only a sum takes coefficients");
  if (p.coeff_size() != 0 && static_cast<size_t>(p.coeff_size()) != count)
    LayerContext::invalid(fmt::format("{} coefficients for {} bottoms", p.coeff_size(), count));
  for (size_t k = 1; k < count; ++k) {
    if (c.shape(k) != c.shape(0))
      LayerContext::invalid(fmt::format("bottom {} has shape [{}], the first [{}]", k,
                                        str(c.shape(k)), str(c.shape(0))));
  }
  const std::string op = sum ? "Add" : p.operation() == EltwiseParameter::PROD ? "Mul" : "Max";
  auto term = [&](size_t k) {
    const double coeff = p.coeff_size() ? p.coeff(static_cast<int>(k)) : 1;
    if (coeff == 1) return c.bottom(k);
    const std::string index = std::to_string(k);
    return c.add("Mul", {c.bottom(k), c.scalar("coeff" + index, coeff)}, {},
                 count == 1 ? "" : "term" + index);
  };
  if (count == 1 && (p.coeff_size() == 0 || p.coeff(0) == 1)) {
    c.top(c.add("Identity", {c.bottom()}));
    return;
  }
  ValueId y = term(0);
  for (size_t k = 1; k < count; ++k)
    y = c.add(op, {y, term(k)}, {}, k + 1 == count ? "" : "partial" + std::to_string(k));
  c.top(y);
}

}  // namespace tenfold::caffe
