// Local response normalization.
//   across channels   x (k + alpha/size sum of squares over `size` channels)^-beta
//   within a channel  x (1 + alpha average of squares over a size x size window)^-beta
// where the average is Caffe's: divided by the window's part inside the padded input. `k` has no
// part in the second form.
#include <fmt/format.h>

#include "src/import/caffe/layer.h"

namespace tenfold::caffe {

CAFFE_LAYER_IMPORT(LRN) {
  c.expect(1, 1, 1, 1);
  const LRNParameter& p = c.layer().lrn_param();
  const int64_t size = p.local_size();
  if (size % 2 == 0) LayerContext::invalid("local_size must be odd");
  if (size > INT32_MAX) LayerContext::invalid(fmt::format("local_size: {}", size));
  if (c.rank() != 4) LayerContext::invalid("LRN needs four axes");
  const double alpha = p.alpha(), beta = p.beta(), k = p.k();
  const ValueId x = c.bottom();
  if (p.norm_region() == LRNParameter::ACROSS_CHANNELS) {
    c.top(c.add("LRN", {x}, {{"size", size}, {"alpha", alpha}, {"beta", beta}, {"bias", k}}));
    return;
  }
  const int64_t pad = (size - 1) / 2;
  const ValueId square = c.add("Mul", {x, x}, {}, "square");
  const ValueId mean = c.add("AveragePool", {square},
                             {{"kernel", std::vector<int64_t>{size, size}},
                              {"strides", std::vector<int64_t>{1, 1}},
                              {"pads", std::vector<int64_t>{pad, pad, pad, pad}},
                              {"ceil_mode", int64_t{0}},
                              {"count_include_pad", int64_t{1}}},
                             "pool");
  const ValueId scaled = c.add("Mul", {mean, c.scalar("alpha", alpha)}, {}, "scaled");
  const ValueId base = c.add("Add", {scaled, c.scalar("one", 1)}, {}, "base");
  const ValueId factor = c.add("Pow", {base, c.scalar("beta", -beta)}, {}, "power");
  c.top(c.add("Mul", {x, factor}));
}

}  // namespace tenfold::caffe
