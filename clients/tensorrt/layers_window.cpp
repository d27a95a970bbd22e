// Convolution, deconvolution and pooling. Whatever rule gives the output size, it becomes padding:
// begins as stated, ends such that rounding down gives that size.
#include "layers.h"

namespace tenfold::trt {
namespace {

using nvinfer1::IOutputDimensionsFormula;

struct Pads {
  int64_t begin[2], end[2];
  std::vector<int64_t> list() const { return {begin[0], begin[1], end[0], end[1]}; }
  bool any() const { return begin[0] || begin[1] || end[0] || end[1]; }
};

void check_window(const WindowShape& w) {
  for (int k = 0; k < 2; ++k)
    if (w.kernel.d[k] <= 0 || w.stride.d[k] <= 0 || w.dilation.d[k] <= 0)
      throw Error(Code::kInvalid, "kernel, stride and dilation must be positive");
  if (w.pre.nbDims != 2 || w.post.nbDims != 2)
    throw Error(Code::kUnsupported, "padding of other than two dimensions");
}

bool same_mode(PaddingMode m) {
  return m == PaddingMode::kSAME_UPPER || m == PaddingMode::kSAME_LOWER;
}

// Padding with which rounding down gives `out` along axis k.
void fit(const WindowShape& w, int64_t in, int k, int64_t out, Pads& p) {
  const int64_t reach = int64_t{w.dilation.d[k]} * (w.kernel.d[k] - 1) + 1;
  p.end[k] = (out - 1) * w.stride.d[k] + reach - in - p.begin[k];
  if (p.end[k] < 0) {  // the last window ends before the input does: rounding down gets there too
    const int64_t slack = w.stride.d[k] - 1;
    if (-p.end[k] > slack)
      throw Error(Code::kUnsupported,
                  "an output size of " + std::to_string(out) + " from " + std::to_string(in));
    p.end[k] = 0;
  }
}

Pads pads_of(const WindowShape& w, const Extents& dims, const IOutputDimensionsFormula* formula,
             const std::string& name) {
  Pads p{{w.pre.d[0], w.pre.d[1]}, {w.post.d[0], w.post.d[1]}};
  DimsHW wanted;
  if (formula)
    wanted =
        formula->compute(DimsHW(static_cast<int>(dims[1]), static_cast<int>(dims[2])), w.kernel,
                         w.stride, DimsHW(w.pre.d[0], w.pre.d[1]), w.dilation, name.c_str());
  for (int k = 0; k < 2; ++k) {
    const int64_t in = dims[static_cast<size_t>(k) + 1], stride = w.stride.d[k];
    const int64_t reach = int64_t{w.dilation.d[k]} * (w.kernel.d[k] - 1) + 1;
    if (formula) {
      fit(w, in, k, wanted.d[k], p);
    } else if (same_mode(w.mode)) {
      const int64_t out = (in + stride - 1) / stride;
      const int64_t total = std::max<int64_t>(0, (out - 1) * stride + reach - in);
      p.begin[k] = w.mode == PaddingMode::kSAME_UPPER ? total / 2 : total - total / 2;
      p.end[k] = total - p.begin[k];
    } else if (w.mode == PaddingMode::kEXPLICIT_ROUND_UP ||
               w.mode == PaddingMode::kCAFFE_ROUND_UP) {
      const int64_t span = in + p.begin[k] + p.end[k] - reach;
      if (span >= 0) p.end[k] += (stride - span % stride) % stride;
    }
  }
  return p;
}

std::vector<int64_t> pair(const DimsHW& d) { return {d.h(), d.w()}; }

Attrs window_attrs(const WindowShape& w, const Pads& pads) {
  return {{"kernel", pair(w.kernel)}, {"strides", pair(w.stride)}, {"pads", pads.list()}};
}

void check_groups(int64_t channels, int64_t maps, int64_t groups) {
  if (maps <= 0) throw Error(Code::kInvalid, "the number of output maps must be positive");
  if (groups <= 0 || channels % groups != 0 || maps % groups != 0)
    throw Error(Code::kInvalid, std::to_string(groups) + " groups divide neither " +
                                    std::to_string(channels) + " channels nor " +
                                    std::to_string(maps) + " maps evenly");
}

}  // namespace

void ConvolutionLayer::emit(Emitter& e) {
  const Emitted in = e.input(*this, 0);
  const Extents dims = Emitter::image_dims(in);
  check_window(window);
  check_groups(dims[0], maps, groups);
  const Extents shape = {maps, dims[0] / groups, window.kernel.h(), window.kernel.w()};
  std::vector<ValueId> operands = {
      e.images(*this, in), e.constant(*this, "weight", kernel.tensor(shape, "kernel weights"))};
  if (!bias.empty())
    operands.push_back(e.constant(*this, "bias", bias.tensor({maps}, "bias weights")));
  Attrs attrs = window_attrs(window, pads_of(window, dims, network.convolution_formula, name));
  attrs.set("dilations", pair(window.dilation));
  attrs.set("group", int64_t{groups});
  e.of_images(*this, in,
              e.node(*this, "Conv", std::move(operands), std::move(attrs), e.image_suffix(in)));
}

void DeconvolutionLayer::emit(Emitter& e) {
  const Emitted in = e.input(*this, 0);
  const Extents dims = Emitter::image_dims(in);
  check_window(window);
  check_groups(dims[0], maps, groups);
  if (same_mode(window.mode)) throw Error(Code::kUnsupported, "SAME padding of a deconvolution");
  Pads pads{{window.pre.d[0], window.pre.d[1]}, {window.post.d[0], window.post.d[1]}};
  if (network.deconvolution_formula) {
    const DimsHW out = network.deconvolution_formula->compute(
        DimsHW(static_cast<int>(dims[1]), static_cast<int>(dims[2])), window.kernel, window.stride,
        DimsHW(window.pre.d[0], window.pre.d[1]), window.dilation, name.c_str());
    for (int k = 0; k < 2; ++k)
      pads.end[k] = (dims[static_cast<size_t>(k) + 1] - 1) * window.stride.d[k] +
                    window.kernel.d[k] - pads.begin[k] - out.d[k];
  }
  const Extents shape = {dims[0], maps / groups, window.kernel.h(), window.kernel.w()};
  std::vector<ValueId> operands = {
      e.images(*this, in), e.constant(*this, "weight", kernel.tensor(shape, "kernel weights"))};
  if (!bias.empty())
    operands.push_back(e.constant(*this, "bias", bias.tensor({maps}, "bias weights")));
  Attrs attrs = window_attrs(window, pads);
  attrs.set("group", int64_t{groups});
  e.of_images(
      *this, in,
      e.node(*this, "ConvTranspose", std::move(operands), std::move(attrs), e.image_suffix(in)));
}

ValueId PoolingLayer::pool(Emitter& e, bool average, ValueId x, const Attrs& attrs,
                           const std::string& suffix) {
  Attrs own = attrs;
  if (average) own.set("count_include_pad", int64_t{!exclusive});
  return e.node(*this, average ? "AveragePool" : "MaxPool", {x}, std::move(own), suffix);
}

void PoolingLayer::emit(Emitter& e) {
  using nvinfer1::PoolingType;
  const Emitted in = e.input(*this, 0);
  const Extents dims = Emitter::image_dims(in);
  check_window(window);
  Attrs attrs;
  if (network.pooling_formula || same_mode(window.mode)) {
    attrs = window_attrs(window, pads_of(window, dims, network.pooling_formula, name));
  } else {  // the op knows these rules, and that what lies beyond the padding never counts
    const Pads pads{{window.pre.d[0], window.pre.d[1]}, {window.post.d[0], window.post.d[1]}};
    attrs = window_attrs(window, pads);
    int64_t ceil_mode = 0;
    if (window.mode == PaddingMode::kEXPLICIT_ROUND_UP) ceil_mode = 2;
    if (window.mode == PaddingMode::kCAFFE_ROUND_UP) ceil_mode = pads.any() ? 1 : 2;
    attrs.set("ceil_mode", ceil_mode);
  }
  const ValueId x = e.images(*this, in);
  ValueId y;
  if (kind == PoolingType::kMAX_AVERAGE_BLEND) {
    const ValueId max = pool(e, false, x, attrs, "max"), mean = pool(e, true, x, attrs, "mean");
    const ValueId a =
        e.node(*this, "Mul", {max, e.scalar(*this, "max_share", 1.0 - blend)}, {}, "a");
    const ValueId b = e.node(*this, "Mul", {mean, e.scalar(*this, "mean_share", blend)}, {}, "b");
    y = e.node(*this, "Add", {a, b}, {}, e.image_suffix(in));
  } else {
    y = pool(e, kind == PoolingType::kAVERAGE, x, attrs, e.image_suffix(in));
  }
  e.of_images(*this, in, y);
}

}  // namespace tenfold::trt
