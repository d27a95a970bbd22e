// Convolution and deconvolution. Output sizes of a spatial axis, as Caffe rounds:
//   convolution    (in + 2 pad - (dilation (kernel - 1) + 1)) / stride + 1   toward zero
//   deconvolution  stride (in - 1) + dilation (kernel - 1) + 1 - 2 pad
#include <algorithm>

#include <fmt/format.h>

#include "src/base/checked.h"
#include "src/import/caffe/layer.h"

namespace tenfold::caffe {
namespace {

template <typename Repeated>
std::vector<int64_t> numbers(const Repeated& values) {
  return {values.begin(), values.end()};
}

struct Geometry {
  std::vector<int64_t> kernel, strides, pads, dilations;  // pads: one per axis, same on both ends
  int64_t group = 1, outputs = 0, inputs = 0;
};

Geometry geometry(const LayerContext& c, bool depthwise) {
  const ConvolutionParameter& p = c.layer().convolution_param();
  if (p.kernel_size_size() == 0 && !p.has_kernel_h() && !p.has_kernel_w())
    LayerContext::invalid("the layer states no kernel_size");
  if (p.num_output() <= 0) LayerContext::invalid("num_output must be positive");
  const size_t rank = c.rank();
  if (rank < 3)
    LayerContext::invalid(
        fmt::format("a convolution needs spatial axes; its bottom has shape [{}]", str(c.shape())));
  if (LayerContext::axis(p.axis(), rank) != 1)
    LayerContext::unsupported(fmt::format("axis {} as channel axis", p.axis()), "only axis 1");
  const size_t axes = rank - 2;
  Geometry g;
  g.kernel = spatial(
      {numbers(p.kernel_size()), p.has_kernel_h(), p.has_kernel_w(), p.kernel_h(), p.kernel_w()},
      axes, 0, "kernel");
  g.strides =
      spatial({numbers(p.stride()), p.has_stride_h(), p.has_stride_w(), p.stride_h(), p.stride_w()},
              axes, 1, "stride");
  g.pads = spatial({numbers(p.pad()), p.has_pad_h(), p.has_pad_w(), p.pad_h(), p.pad_w()}, axes, 0,
                   "pad");
  const bool holes = p.hole_size() > 0 || p.has_hole_h() || p.has_hole_w();
  if (holes && p.dilation_size() > 0)
    LayerContext::invalid("the layer states hole and dilation, two words for one thing");
  g.dilations =
      holes ? spatial({numbers(p.hole()), p.has_hole_h(), p.has_hole_w(), p.hole_h(), p.hole_w()},
                      axes, 1, "hole")
            : spatial({numbers(p.dilation())}, axes, 1, "dilation");
  for (size_t k = 0; k < axes; ++k) {
    if (g.kernel[k] <= 0 || g.strides[k] <= 0 || g.dilations[k] <= 0)
      LayerContext::invalid("kernel, stride and dilation must be positive");
  }
  g.inputs = c.extent(0, 1);
  g.outputs = p.num_output();
  g.group = depthwise && !p.has_group() ? g.inputs : p.group();
  if (g.group <= 0 || g.inputs % g.group != 0 || g.outputs % g.group != 0)
    LayerContext::invalid(fmt::format("{} groups divide neither {} inputs nor {} outputs evenly",
                                      g.group, g.inputs, g.outputs));
  return g;
}

void check_sizes(const LayerContext& c, size_t bottom, const Geometry& g, bool transposed) {
  for (size_t k = 0; k < g.kernel.size(); ++k) {
    const Dim& dim = c.shape(bottom)[k + 2];
    if (!dim.is_const()) continue;
    const int64_t reach = checked_add(checked_mul(g.dilations[k], g.kernel[k] - 1), 1);
    const int64_t padding = 2 * g.pads[k];
    // Of a convolution positive where the quotient is -1 < q, which Caffe's division makes 0.
    const int64_t size =
        transposed ? checked_add(checked_mul(g.strides[k], dim.value() - 1), reach - padding)
                   : checked_add(dim.value(), padding - reach + g.strides[k]);
    if (size <= 0)
      LayerContext::invalid(
          fmt::format("the window ({}) does not fit spatial axis {} of size {} with padding {}",
                      reach, k, dim.value(), g.pads[k]));
  }
}

// `shape`: of the bottom. A window that is larger than its padded input by less than a stride sees
// zeros behind it.
Attrs attributes(const Geometry& g, const Shape& shape, bool transposed) {
  std::vector<int64_t> pads = g.pads;
  for (size_t k = 0; k < g.pads.size(); ++k) {
    int64_t lacks = 0;
    if (const Dim& dim = shape[k + 2]; !transposed && dim.is_const())
      lacks = g.dilations[k] * (g.kernel[k] - 1) + 1 - dim.value() - 2 * g.pads[k];
    pads.push_back(g.pads[k] + std::max<int64_t>(lacks, 0));
  }
  return {{"kernel", g.kernel},
          {"strides", g.strides},
          {"pads", pads},
          {"dilations", g.dilations},
          {"group", g.group}};
}

void convolve(LayerContext& c, bool transposed, bool depthwise) {
  c.expect(1, INT32_MAX, 1, INT32_MAX);
  if (static_cast<int>(c.bottom_count()) != c.layer().top_size())
    LayerContext::invalid("the layer needs as many tops as bottoms");
  const Geometry g = geometry(c, depthwise);
  for (size_t k = 0; k < c.bottom_count(); ++k) {  // before weights are looked for or drawn
    if (c.rank(k) != c.rank(0) || c.extent(k, 1) != g.inputs)
      LayerContext::invalid("the bottoms differ in channels or axes");
    check_sizes(c, k, g, transposed);
  }
  Extents dims =
      transposed ? Extents{g.inputs, g.outputs / g.group} : Extents{g.outputs, g.inputs / g.group};
  int64_t window = 1;
  for (const int64_t k : g.kernel) dims.push_back(k);
  element_count(dims);  // before products of its factors
  for (const int64_t k : g.kernel) window *= k;
  const ValueId weight =
      c.constant("weight", c.blob(0, dims, Fill::kWeight, window * (g.inputs / g.group)));
  ValueId bias = kNoValue;
  if (c.layer().convolution_param().bias_term())
    bias = c.constant("bias", c.blob(1, {g.outputs}, Fill::kBias));
  for (size_t k = 0; k < c.bottom_count(); ++k) {
    std::vector<ValueId> inputs = {c.bottom(k), weight};
    if (bias.valid()) inputs.push_back(bias);
    c.top(c.add(transposed ? "ConvTranspose" : "Conv", std::move(inputs),
                attributes(g, c.shape(k), transposed), k == 0 ? "" : std::to_string(k)));
  }
}

}  // namespace

CAFFE_LAYER_IMPORT(Convolution) { convolve(c, false, false); }
CAFFE_LAYER_IMPORT(ConvolutionDepthwise) { convolve(c, false, true); }
CAFFE_LAYER_IMPORT(DepthwiseConvolution) { convolve(c, false, true); }
CAFFE_LAYER_IMPORT(Deconvolution) { convolve(c, true, false); }

}  // namespace tenfold::caffe
