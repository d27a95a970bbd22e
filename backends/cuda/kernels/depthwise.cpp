// cuda.depthwise: depthwise convolution with channels innermost, 128 bits of channels a thread,
// weights packed by tap.
#include <cstring>

#include "backends/cuda/gen/elementwise.h"
#include "backends/cuda/gen/expr.h"
#include "backends/cuda/gen/window.h"

namespace tenfold::cuda {
namespace {

constexpr int64_t kLanes = 8;  // channels are packed to a multiple of the most lanes

int64_t packed_channels(const Problem& p) {
  return (p.inputs[1].dims[0].value() + kLanes - 1) / kLanes * kLanes;
}

DType weight_type(const Problem& p) { return p.inputs[1].format.dtype; }

std::vector<int> lane_axes(const Problem&, int lane) { return {lane, -1}; }

std::string defines(const Problem& p) {
  return window_defines(p) + "#define WEIGHT " + device_type(weight_type(p)) + "\n";
}

void params(const Problem& p, ParamList& list) {
  add_input_extents(p, list);
  list.add("channels", packed_channels(p));
}

class Depthwise final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;
  bool packs(const Problem&, int k) const override { return k == 1; }
  std::vector<FormatTuple> formats(const Problem& p, const Target& target,
                                   TypeSet permitted) const override {
    std::vector<FormatTuple> tuples;
    for (FormatTuple& tuple : ElementwiseRow::formats(p, target, permitted))
      if (tuple.inputs[0].layout.kind == Layout::Kind::kChannelsLast) {
        tuple.inputs[1].dtype = tuple.inputs[0].dtype;
        tuples.push_back(tuple);
      }
    return tuples;
  }

 protected:
  Verdict accepts(const Problem& p) const override {
    if (p.anchor_inputs != 2) return Verdict::no("it takes an input and weights");
    if (const std::string why = window_refusal(p); !why.empty()) return Verdict::no(why);
    if (p.inputs[0].dims.size() != 4) return Verdict::no("it takes two spatial axes");
    const Dim group(p.attrs.i("group", 1));
    if (!(p.inputs[0].dims[1] == group) || !(p.outputs[0].dims[1] == group))
      return Verdict::no("it is no depthwise convolution");
    if (!p.inputs[1].constant) return Verdict::no("weights that are no constant");
    const SpatialWindow w = window_of(p);
    if (w.kernel[0] * w.kernel[1] > 121) return Verdict::no("a window of more than 121 taps");
    if (p.closed && device_bytes(weight_type(p)) > 4) return Verdict::no("weights of f64");
    if (p.closed && p.outputs[0].format.layout.kind != Layout::Kind::kChannelsLast)
      return Verdict::no("channels are not innermost");
    return {};
  }
  std::vector<std::byte> pack(const Problem& p, int, const TensorView& value,
                              const Tactic&) const override {
    const int64_t channels = value.dims[0], taps = value.dims[2] * value.dims[3];
    const int64_t stride = packed_channels(p);
    const DType type = weight_type(p);
    std::vector<std::byte> bytes(static_cast<size_t>(bytes_for(type, stride * taps)));
    for (int64_t c = 0; c < channels; ++c)
      for (int64_t t = 0; t < taps; ++t)
        store_element(type, bytes.data(), t * stride + c,
                      load_element(value.dtype, value.data, c * taps + t));
    return bytes;
  }
};

}  // namespace

std::unique_ptr<Row> cuda_depthwise() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/depthwise.cu";
  anchor.lane_axes = lane_axes;
  anchor.params = params;
  anchor.defines = defines;
  return std::make_unique<Depthwise>(
      "cuda.depthwise", std::vector<std::string>{"Conv(x, @w)", "Conv(x, @w, b)"}, anchor);
}

}  // namespace tenfold::cuda
