#include "backends/cuda/cudnn/conv_graph.h"

#include <algorithm>

namespace tenfold::cuda::cudnn {
namespace {

int data_type(DType t) { return t == DType::kF16 ? kDataHalf : kDataFloat; }

int64_t stored_channels(const Format& f, int64_t channels) {
  const int64_t pad = std::max<int64_t>(1, f.layout.pad);
  return (channels + pad - 1) / pad * pad;
}

TensorSpec tensor_spec(const Operand& o) {
  TensorSpec t;
  const Extents dims = const_extents(o.dims);
  Format dense = o.format;
  dense.enclosing = 0;
  const Extents strides = strides_of(o.format, dims), packed = strides_of(dense, dims);
  for (size_t k = 0; k < 4; ++k) {
    t.dims[k] = dims[k];
    t.strides[k] = strides[k];
    t.packed[k] = packed[k];
  }
  t.dims[1] = stored_channels(o.format, dims[1]);
  t.type = data_type(o.format.dtype);
  return t;
}

bool known_layout(const Format& f) {
  return f.layout.kind == Layout::Kind::kChannelsLast || f.layout.kind == Layout::Kind::kLinear;
}

Verdict check_formats(const Problem& p, const EpilogueForm& e) {
  const Format& x = p.inputs[0].format;
  const Format& w = p.inputs[1].format;
  const Format& y = p.outputs[0].format;
  if (x.dtype != DType::kF16 && x.dtype != DType::kF32)
    return Verdict::no("inputs are f16 or f32, not " + std::string(to_string(x.dtype)));
  if (w.dtype != x.dtype || y.dtype != x.dtype)
    return Verdict::no("input, weights and output have one type");
  if (!known_layout(x) || x.layout.kind != y.layout.kind || w.layout.kind != x.layout.kind)
    return Verdict::no("input, weights and output are all channels-last or all linear");
  if (x.layout.pad != w.layout.pad) return Verdict::no("input and weights are padded alike");
  if (x.layout.pad > 1 && p.attrs.i("group", 1) != 1)
    return Verdict::no("padded channels do not go with groups");
  if (y.layout.pad > 1) return Verdict::no("the output's channels are not padded");
  if (x.enclosing != 0 && x.layout.pad > 1) return Verdict::no("a slice has no padding of its own");
  if (w.enclosing != 0) return Verdict::no("weights are dense");
  if (x.dtype == DType::kF16 && x.layout.kind != Layout::Kind::kChannelsLast)
    return Verdict::no("f16 runs channels-last");
  if (e.residual >= 0) {
    const Format& z = p.inputs[static_cast<size_t>(e.residual)].format;
    if (z.dtype != y.dtype || z.layout != y.layout)
      return Verdict::no("the residual has the output's format");
  }
  if (e.bias >= 0) {
    const Format& b = p.inputs[static_cast<size_t>(e.bias)].format;
    if (b.dtype != y.dtype || b.enclosing != 0 || b.layout.pad > 1)
      return Verdict::no("the bias is dense and has the output's type");
  }
  if (x.dtype == DType::kF16 ? p.compute != DType::kF16
                             : p.compute != DType::kF32 && p.compute != DType::kTF32)
    return Verdict::no("products of " + std::string(to_string(p.compute)) + " do not go with " +
                       std::string(to_string(x.dtype)));
  if (p.accumulate != DType::kF32) return Verdict::no("sums are f32");
  return {};
}

Verdict check_activation(const EpilogueForm& e) {
  if (e.act == ExprOp::kClip && e.imm != 0)
    return Verdict::no("clipping starts at 0 in cuDNN's fused kernels");
  if (e.act == ExprOp::kLeakyRelu && e.imm < 0) return Verdict::no("negative slopes are not fused");
  // Of cuDNN 9's kernels, compiled at run time: infinity over infinity.
  if (e.act == ExprOp::kTanh) return Verdict::no("cuDNN's fused tanh of large values is NaN");
  return {};
}

// Adds tensors and operations to a graph under construction.
class Builder {
 public:
  explicit Builder(ConvGraph& graph) : graph_(graph) {}

  size_t tensor(const TensorSpec& t, int64_t id) { return tensor(t, id, t.type, false); }
  // Dense even where `like` is a slice: it has no place in memory.
  size_t virtual_tensor(const TensorSpec& like) {
    TensorSpec dense = like;
    dense.strides = like.packed;
    return tensor(dense, next_virtual_++, kDataFloat, true);
  }

  void convolution(const ConvSpec& s, size_t x, size_t w, size_t y) {
    Descriptor conv(kConvDescriptor);
    conv.set_value(kAttrConvCompType, kTypeDataType, kDataFloat);
    conv.set_value(kAttrConvMode, kTypeConvMode, kCrossCorrelation);
    conv.set_int(kAttrConvSpatialDims, 2);
    conv.set_ints(kAttrConvPrePads, s.pads);
    conv.set_ints(kAttrConvPostPads, s.pads);
    conv.set_ints(kAttrConvDilations, s.dilations);
    conv.set_ints(kAttrConvStrides, s.strides);
    conv.finalize();
    Descriptor op(kOpConvDescriptor);
    op.set_descriptor(kAttrOpConvDesc, conv);
    op.set_descriptor(kAttrOpConvX, at(x));
    op.set_descriptor(kAttrOpConvW, at(w));
    op.set_descriptor(kAttrOpConvY, at(y));
    op.set_float(kAttrOpConvAlpha, 1.0f);
    op.set_float(kAttrOpConvBeta, 0.0f);
    op.finalize();
    graph_.parts.push_back(std::move(conv));
    ops_.push_back(std::move(op));
  }

  // `b` of SIZE_MAX: a unary operation.
  void pointwise(Descriptor mode, size_t x, size_t b, size_t y) {
    mode.set_value(kAttrPointwiseMathPrec, kTypeDataType, kDataFloat);
    mode.finalize();
    Descriptor op(kOpPointwiseDescriptor);
    op.set_descriptor(kAttrOpPointwiseDesc, mode);
    op.set_descriptor(kAttrOpPointwiseX, at(x));
    if (b != SIZE_MAX) op.set_descriptor(kAttrOpPointwiseB, at(b));
    op.set_descriptor(kAttrOpPointwiseY, at(y));
    op.finalize();
    graph_.parts.push_back(std::move(mode));
    ops_.push_back(std::move(op));
  }

  void finish(CudnnHandle handle) {
    graph_.graph = Descriptor(kGraphDescriptor);
    if (handle) graph_.graph.set_handle(kAttrGraphHandle, handle);
    graph_.graph.set_descriptors(kAttrGraphOps, ops_);
    graph_.graph.finalize();
    for (Descriptor& op : ops_) graph_.parts.push_back(std::move(op));
  }

 private:
  const Descriptor& at(size_t k) const { return graph_.parts[k]; }

  size_t tensor(const TensorSpec& t, int64_t id, int type, bool is_virtual) {
    Descriptor d(kTensorDescriptor);
    d.set_value(kAttrTensorType, kTypeDataType, type);
    d.set_ints(kAttrTensorDims, t.dims);
    d.set_ints(kAttrTensorStrides, t.strides);
    d.set_int(kAttrTensorUid, id);
    d.set_int(kAttrTensorAlignment, 16);
    if (is_virtual) d.set_bool(kAttrTensorVirtual, true);
    d.finalize();
    graph_.parts.push_back(std::move(d));
    return graph_.parts.size() - 1;
  }

  ConvGraph& graph_;
  std::vector<Descriptor> ops_;
  int64_t next_virtual_ = 100;
};

Descriptor pointwise_mode(int mode) {
  Descriptor d(kPointwiseDescriptor);
  d.set_value(kAttrPointwiseMode, kTypePointwiseMode, mode);
  return d;
}

Descriptor activation(const EpilogueForm& e) {
  if (e.act == ExprOp::kSigmoid) return pointwise_mode(kPointwiseSigmoid);
  Descriptor mode = pointwise_mode(e.act == ExprOp::kElu ? kPointwiseElu : kPointwiseRelu);
  if (e.act == ExprOp::kElu) mode.set_double(kAttrEluAlpha, e.imm);
  if (e.act == ExprOp::kLeakyRelu) mode.set_double(kAttrReluSlope, e.imm);
  if (e.act == ExprOp::kClip) {
    mode.set_double(kAttrReluLowerClip, e.imm);
    mode.set_double(kAttrReluUpperClip, e.imm2);
  }
  return mode;
}

}  // namespace

Verdict check_conv(const Problem& p) {
  if (p.op != "Conv" || p.inputs.size() < 2 || p.outputs.size() != 1)
    return Verdict::no("takes convolutions with one output");
  if (p.inputs[0].dims.size() != 4) return Verdict::no("takes two spatial dimensions");
  if (!is_const(p.inputs[1].dims)) return Verdict::no("weights have fixed sizes");
  for (size_t k = 1; k < 4; ++k)
    if (!p.inputs[0].dims[k].is_const())
      return Verdict::no("channels, height and width are fixed; only the batch may vary");
  const std::vector<int64_t> pads = p.attrs.ints("pads", {0, 0, 0, 0});
  if (pads.size() != 4 || pads[0] != pads[2] || pads[1] != pads[3])
    return Verdict::no("cuDNN's kernels pad both sides alike");
  if (pads[0] < 0 || pads[1] < 0) return Verdict::no("negative pads");
  const auto form = match_epilogue(p);
  if (!form) return Verdict::no("the epilogue is not act(conv + bias + residual)");
  if (form->residual == 0 || form->bias == 0) return Verdict::no("the epilogue reads the input");
  if (p.inputs.size() != 2u + (form->bias >= 0) + (form->residual >= 0))
    return Verdict::no("the epilogue has other operands than bias and residual");
  const Shape& y = p.outputs[0].dims;
  if (form->residual >= 0 && !is_const(y) && y[2] == Dim(1) && y[3] == Dim(1))
    return Verdict::no("a residual of one pixel is a bias at batch 1: no engine serves both");
  if (Verdict v = check_activation(*form); !v) return v;
  for (const auto* list : {&p.inputs, &p.outputs})
    for (const Operand& o : *list)
      if (o.format.dtype != DType::kF32 && o.format.dtype != DType::kF16)
        return Verdict::no("operands are f16 or f32");
  return p.closed ? check_formats(p, *form) : Verdict{};
}

ConvSpec conv_spec(const Problem& p) {
  ConvSpec s;
  s.epilogue = *match_epilogue(p);
  s.x = tensor_spec(p.inputs[0]);
  s.w = tensor_spec(p.inputs[1]);
  s.y = tensor_spec(p.outputs[0]);
  if (s.epilogue.residual >= 0)
    s.residual = tensor_spec(p.inputs[static_cast<size_t>(s.epilogue.residual)]);
  if (s.epilogue.bias >= 0) {
    const int64_t c = s.y.dims[1];
    s.bias.dims = {1, c, 1, 1};
    s.bias.strides = s.y.strides[1] == 1 ? std::array<int64_t, 4>{c, 1, c, c}
                                         : std::array<int64_t, 4>{c, 1, 1, 1};
    s.bias.type = data_type(p.inputs[static_cast<size_t>(s.epilogue.bias)].format.dtype);
  }
  const auto pair = [&](const char* name, int64_t fallback) {
    const std::vector<int64_t> v = p.attrs.ints(name, {fallback, fallback});
    return std::array<int64_t, 2>{v.at(0), v.at(1)};
  };
  s.pads = pair("pads", 0);
  s.strides = pair("strides", 1);
  s.dilations = pair("dilations", 1);
  s.grouped = p.attrs.i("group", 1) != 1;
  s.compute = p.compute;
  return s;
}

std::vector<GraphForm> graph_forms(const ConvSpec& s) {
  if (s.epilogue.bias >= 0) return {GraphForm::kAddFirst, GraphForm::kBiasFirst};
  return {GraphForm::kAddFirst};
}

ConvGraph build_graph(const ConvSpec& s, GraphForm form, CudnnHandle handle) {
  ConvGraph graph;
  Builder b(graph);
  const bool bias = s.epilogue.bias >= 0, residual = s.epilogue.residual >= 0;
  const bool act = s.epilogue.act != ExprOp::kAcc;
  const bool identity = form == GraphForm::kBiasFirst && !residual;
  int left = int{bias} + int{residual} + int{identity} + int{act};
  const auto next = [&] { return left-- > 0 ? b.virtual_tensor(s.y) : b.tensor(s.y, kIdY); };
  size_t at = next();
  const size_t x = b.tensor(s.x, kIdX), w = b.tensor(s.w, kIdW);
  b.convolution(s, x, w, at);
  const auto add = [&](const TensorSpec& t, int64_t id) {
    const size_t operand = b.tensor(t, id), result = next();
    b.pointwise(pointwise_mode(kPointwiseAdd), at, operand, result);
    at = result;
  };
  if (residual && form == GraphForm::kAddFirst) add(s.residual, kIdResidual);
  if (bias) add(s.bias, kIdBias);
  if (residual && form == GraphForm::kBiasFirst) add(s.residual, kIdResidual);
  const auto unary = [&](Descriptor mode) {
    const size_t result = next();
    b.pointwise(std::move(mode), at, SIZE_MAX, result);
    at = result;
  };
  if (identity) unary(pointwise_mode(kPointwiseIdentity));
  if (act) unary(activation(s.epilogue));
  b.finish(handle);
  return graph;
}

}  // namespace tenfold::cuda::cudnn
