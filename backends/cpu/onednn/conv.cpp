// Conv through oneDNN's convolution: groups, depthwise, dilation; bias and epilogue in the
// primitive.
#include "backends/cpu/onednn/epilogue.h"

namespace tenfold::cpu {
namespace {

using namespace onednn;
using Dims = dnnl::memory::dims;

// Attributes as oneDNN spells them. Dilation 0 is dense there.
struct Geometry {
  Dims strides, dilates, begin, end;
  int64_t groups = 1;
};

Geometry geometry_of(const Problem& p) {
  const size_t rank = p.inputs[0].dims.size() - 2;
  Geometry g;
  g.strides = p.attrs.ints("strides", Dims(rank, 1));
  g.dilates = p.attrs.ints("dilations", Dims(rank, 1));
  for (int64_t& d : g.dilates) d -= 1;
  const Dims pads = p.attrs.ints("pads", Dims(2 * rank, 0));
  if (g.strides.size() != rank || g.dilates.size() != rank || pads.size() != 2 * rank)
    refuse("an attribute has the wrong length");
  g.begin.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(rank));
  g.end.assign(pads.begin() + static_cast<std::ptrdiff_t>(rank), pads.end());
  g.groups = p.attrs.i("group", 1);
  return g;
}

// [O, I/g, k...] as [g, O/g, I/g, k...] where there are groups.
Dims grouped(const Dims& weights, int64_t groups) {
  if (groups == 1) return weights;
  Dims dims = {groups, weights[0] / groups};
  dims.insert(dims.end(), weights.begin() + 1, weights.end());
  return dims;
}

dnnl::memory::desc row_major(const Dims& dims) {
  Dims strides(dims.size(), 1);
  for (size_t d = dims.size(); d-- > 1;) strides[d - 1] = strides[d] * dims[d];
  return {dims, dnnl::memory::data_type::f32, strides};
}

class ConvRow : public OnednnRow {
 public:
  ConvRow() : OnednnRow("onednn.conv", {"Conv(x, @w)"}, 0.7) {}

 protected:
  int packed_input(const Problem&) const override { return 1; }

  std::vector<FormatTuple> layouts(const Problem& open) const override {
    std::vector<FormatTuple> list = {uniform(open, Layout::channels_last())};
    // The first convolution of a network reads few channels: planes serve as well.
    const Shape& x = open.inputs[0].dims;
    if (x.size() > 2 && x[1].is_const() && x[1].value() <= 4) {
      list.push_back(list[0]);
      list[1].inputs[0].layout = Layout::linear();
    }
    return list;
  }

  Description describe(const Problem& p, const dnnl::memory::desc* weights) const override {
    if (p.anchor_inputs != 2) refuse("Conv: the bias belongs into the expression");
    if (p.inputs[0].dims.size() < 3 || p.inputs[0].dims.size() > 5)
      refuse("Conv: one to three spatial axes");
    const Geometry g = geometry_of(p);
    const Epilogue e = map_epilogue(p, 1);
    const dnnl::memory::desc src = desc_of(p.inputs[0]), dst = desc_of(p.outputs[0]);
    const Dims w = grouped(dims_of(p.inputs[1]), g.groups);
    const dnnl::memory::desc wanted = weights ? *weights : any_of(w);
    const dnnl::memory::desc bias = bias_of(e, dst.get_dims()[1]);
    dnnl::convolution_forward::primitive_desc pd(
        engine(), dnnl::prop_kind::forward_inference, dnnl::algorithm::convolution_direct, src,
        wanted, bias, dst, g.strides, g.dilates, g.begin, g.end, attr_of(e));
    skip_faults(pd, p);
    return contraction(pd, e, row_major(w), src, pd.weights_desc(), bias, dst);
  }
};

class DeconvolutionRow : public OnednnRow {
 public:
  DeconvolutionRow() : OnednnRow("onednn.deconvolution", {"ConvTranspose(x, @w)"}, 0.4) {}

 protected:
  int packed_input(const Problem&) const override { return 1; }

  Description describe(const Problem& p, const dnnl::memory::desc* weights) const override {
    if (p.anchor_inputs != 2) refuse("ConvTranspose: the bias belongs into the expression");
    if (p.inputs[0].dims.size() < 3 || p.inputs[0].dims.size() > 5)
      refuse("ConvTranspose: one to three spatial axes");
    Geometry g = geometry_of(p);
    const Epilogue e = map_epilogue(p, 1);
    const dnnl::memory::desc src = desc_of(p.inputs[0]), dst = desc_of(p.outputs[0]);
    // [I, O/g, k...] seen as [g, O/g, I/g, k...]: the same bytes, other strides.
    const Dims given = dims_of(p.inputs[1]);
    Dims dims = {g.groups, given[1], given[0] / g.groups};
    dims.insert(dims.end(), given.begin() + 2, given.end());
    Dims strides(dims.size(), 1);
    for (size_t d = dims.size(); d-- > 4;) strides[d - 1] = strides[d] * dims[d];
    strides[1] = strides[3] * dims[3];
    strides[2] = strides[1] * dims[1];
    strides[0] = strides[2] * dims[2];
    if (g.groups == 1) {
      dims.erase(dims.begin());
      strides.erase(strides.begin());
    }
    fit_end(g, src.get_dims(), dst.get_dims(), given);
    const dnnl::memory::desc plain(dims, dnnl::memory::data_type::f32, strides);
    const dnnl::memory::desc bias = bias_of(e, dst.get_dims()[1]);
    dnnl::deconvolution_forward::primitive_desc pd(
        engine(), dnnl::prop_kind::forward_inference, dnnl::algorithm::deconvolution_direct, src,
        weights ? *weights : any_of(dims), bias, dst, g.strides, g.dilates, g.begin, g.end,
        attr_of(e));
    skip_faults(pd, p);
    return contraction(pd, e, plain, src, pd.weights_desc(), bias, dst);
  }

 private:
  // Output padding, which the output's extents imply, is less padding at the end.
  static void fit_end(Geometry& g, const Dims& x, const Dims& y, const Dims& w) {
    for (size_t k = 0; k < g.end.size(); ++k)
      g.end[k] = (x[2 + k] - 1) * g.strides[k] + (w[2 + k] - 1) * (g.dilates[k] + 1) + 1 -
                 g.begin[k] - y[2 + k];
  }
};

}  // namespace

std::unique_ptr<Row> onednn_conv() { return std::make_unique<ConvRow>(); }
std::unique_ptr<Row> onednn_deconvolution() { return std::make_unique<DeconvolutionRow>(); }

}  // namespace tenfold::cpu
