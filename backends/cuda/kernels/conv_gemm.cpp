// cuda.conv_gemm: convolution over two spatial axes as an implicit matrix product, channels last,
// any group, dilation and stride, with any Expr as epilogue.
#include "backends/cuda/gen/contract.h"
#include "backends/cuda/gen/operand_code.h"
#include "backends/cuda/gen/window.h"

namespace tenfold::cuda {
namespace {

// Channels of a group as they lie in memory, padding included.
int64_t stored_channels(const Problem& p) {
  const int64_t group = p.attrs.i("group", 1);
  return group > 1 ? p.inputs[1].dims[1].value() : inner_extent(p.inputs[1]);
}

// Of the input: a slice has no padding of its own.
int64_t input_channels(const Problem& p) {
  const Operand& x = p.inputs[0];
  return x.format.dense() ? inner_extent(x) : x.dims[1].is_const() ? x.dims[1].value() : 0;
}

ContractSizes conv_sizes(const Problem& p) {
  const Extents y = const_extents(p.outputs[0].dims), w = const_extents(p.inputs[1].dims);
  ContractSizes s;
  s.batches = p.attrs.i("group", 1);
  s.rows = y[0] * y[2] * y[3];
  s.filters = y[1] / s.batches;
  const bool padded = s.batches == 1 && p.outputs[0].format.dense();
  s.columns = padded ? std::max(inner_extent(p.outputs[0]), y[1]) : s.filters;
  s.contiguous = stored_channels(p);
  s.depth = w[2] * w[3] * s.contiguous;
  return s;
}

std::string defines(const Problem& p) {
  return window_defines(p) + "#define CONV 1\n#define B_KN 0\n";
}

void params(const Problem& p, ParamList& list) {
  add_input_extents(p, list);
  const ContractSizes s = conv_sizes(p);
  list.add("rows", s.rows);
  list.add("columns", s.columns);
  list.add("depth", s.depth);
  list.add("filters", s.filters);
  list.add("channels", p.inputs[1].dims[1].value());
  list.add_divisor("per_tap", s.contiguous);
  list.add_divisor("taps_w", p.inputs[1].dims[3].value());
}

int lane_limit(const Problem& p) {
  const int64_t group = p.attrs.i("group", 1);
  return group > 1 ? static_cast<int>(p.inputs[1].dims[0].value() / group) : 0;
}

class ConvGemm final : public ContractRow {
 public:
  using ContractRow::ContractRow;
  std::vector<FormatTuple> formats(const Problem& p, const Target&,
                                   TypeSet permitted) const override {
    return contract_formats(p, permitted, true);
  }

 protected:
  ContractSizes sizes(const Problem& bound) const override { return conv_sizes(bound); }
  Verdict accepts(const Problem& p) const override {
    if (p.anchor_inputs != 2) return Verdict::no("it takes an input and weights");
    if (const std::string why = window_refusal(p); !why.empty()) return Verdict::no(why);
    if (p.inputs[0].dims.size() != 4) return Verdict::no("it takes two spatial axes");
    if (!p.outputs[0].dims[1].is_const()) return Verdict::no("filters of unknown number");
    const int64_t group = p.attrs.i("group", 1);
    if (group > 1 && p.inputs[1].dims[1] == Dim(1))
      return Verdict::no("a depthwise convolution has no depth to contract");
    if (!p.closed) return {};
    for (const Operand* o : {&p.inputs[0], &p.inputs[1], &p.outputs[0]})
      if (o->format.layout.kind != Layout::Kind::kChannelsLast)
        return Verdict::no("channels are not innermost");
    if (group > 1 ? is_padded(p.inputs[0]) || is_padded(p.inputs[1]) || is_padded(p.outputs[0])
                  : input_channels(p) != stored_channels(p))
      return Verdict::no("input and weights are padded differently");
    if (Verdict v = takes_types(p); !v) return v;
    return fits_grid(p);
  }
};

}  // namespace

std::unique_ptr<Row> cuda_conv_gemm() {
  ElementwiseAnchor anchor;
  anchor.include = "gen/contract.cuh";
  anchor.params = params;
  anchor.defines = defines;
  anchor.contraction = true;
  anchor.lane_limit = lane_limit;
  return std::make_unique<ConvGemm>(
      "cuda.conv_gemm", std::vector<std::string>{"Conv(x, w)", "Conv(x, w, b)"}, anchor);
}

}  // namespace tenfold::cuda
