// Pooling. Output size of an axis: ceil((in + 2 pad - kernel) / stride) + 1 (or rounded down); with
// any padding the last window must start inside input and left padding. An average divides by the
// window's part inside the padded input.
#include <fmt/format.h>

#include "src/base/checked.h"
#include "src/import/caffe/layer.h"

namespace tenfold::caffe {
namespace {

struct Window {
  int64_t kernel[2], stride[2], pad[2];
};

Window window(const LayerContext& c, const PoolingParameter& p) {
  Window w{};
  const bool square = p.has_kernel_size();
  if (square == (p.has_kernel_h() || p.has_kernel_w()))
    LayerContext::invalid("the layer must state kernel_size, or kernel_h and kernel_w");
  if (!square && !(p.has_kernel_h() && p.has_kernel_w()))
    LayerContext::invalid("the layer states one of kernel_h and kernel_w, not both");
  w.kernel[0] = square ? p.kernel_size() : p.kernel_h();
  w.kernel[1] = square ? p.kernel_size() : p.kernel_w();
  const bool strides = p.has_stride_h() || p.has_stride_w();
  w.stride[0] = strides ? (p.has_stride_h() ? p.stride_h() : 1) : p.stride();
  w.stride[1] = strides ? (p.has_stride_w() ? p.stride_w() : 1) : p.stride();
  const bool pads = p.has_pad_h() || p.has_pad_w();
  w.pad[0] = pads ? p.pad_h() : p.pad();
  w.pad[1] = pads ? p.pad_w() : p.pad();
  for (int k = 0; k < 2; ++k) {
    if (w.kernel[k] <= 0 || w.stride[k] <= 0)
      LayerContext::invalid("kernel and stride must be positive");
    if (w.kernel[k] > INT32_MAX || w.stride[k] > INT32_MAX)
      LayerContext::invalid(fmt::format("kernel_size: {}, stride: {}", w.kernel[k], w.stride[k]));
    if (w.pad[k] >= w.kernel[k])
      LayerContext::invalid(
          fmt::format("padding {} is not smaller than the kernel {}", w.pad[k], w.kernel[k]));
    const int64_t in = c.extent(0, 2 + k);
    const int64_t room = checked_add(in, 2 * w.pad[k]) - w.kernel[k];
    if (room <= -w.stride[k])
      LayerContext::invalid(fmt::format("the window ({}) does not fit size {} with padding {}",
                                        w.kernel[k], in, w.pad[k]));
  }
  return w;
}

bool rounds_down(const PoolingParameter& p) {
  return p.round_mode() == PoolingParameter::FLOOR || p.torch_pooling() ||
         (p.has_ceil_mode() && !p.ceil_mode());
}

}  // namespace

CAFFE_LAYER_IMPORT(Pooling) {
  c.expect(1, 1, 1, 2);
  const PoolingParameter& p = c.layer().pooling_param();
  if (p.pool() == PoolingParameter::STOCHASTIC)
    LayerContext::unsupported("stochastic pooling", "MAX and AVE");
  if (c.layer().top_size() > 1)
    LayerContext::unsupported("a second top with the positions of the maxima");
  if (c.rank() != 4)
    LayerContext::invalid(
        fmt::format("pooling needs four axes; its bottom has shape [{}]", str(c.shape())));
  const bool average = p.pool() == PoolingParameter::AVE;
  if (p.global_pooling()) {
    if (p.has_kernel_size() || p.has_kernel_h() || p.has_kernel_w())
      LayerContext::invalid("global pooling takes no kernel size");
    if (p.pad() != 0 || p.pad_h() != 0 || p.pad_w() != 0)
      LayerContext::invalid("global pooling takes no padding");
    c.top(c.add(average ? "GlobalAveragePool" : "GlobalMaxPool", {c.bottom()}));
    return;
  }
  const Window w = window(c, p);
  const bool padded = w.pad[0] != 0 || w.pad[1] != 0;
  const int64_t ceil_mode = rounds_down(p) ? 0 : padded ? 1 : 2;
  Attrs attrs = {
      {"kernel", std::vector<int64_t>{w.kernel[0], w.kernel[1]}},
      {"strides", std::vector<int64_t>{w.stride[0], w.stride[1]}},
      {"pads", std::vector<int64_t>{w.pad[0], w.pad[1], w.pad[0], w.pad[1]}},
      {"ceil_mode", ceil_mode},
  };
  if (average) attrs.set("count_include_pad", int64_t{1});
  c.top(c.add(average ? "AveragePool" : "MaxPool", {c.bottom()}, std::move(attrs)));
}

}  // namespace tenfold::caffe
