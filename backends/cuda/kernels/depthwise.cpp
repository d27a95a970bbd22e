// cuda.depthwise: depthwise convolution with channels innermost, 128 bits of channels and one to
// four columns a thread, weights packed by tap.
#include <algorithm>
#include <cstring>

#include "backends/cuda/gen/elementwise.h"
#include "backends/cuda/gen/expr.h"
#include "backends/cuda/gen/operand_code.h"
#include "backends/cuda/gen/window.h"

namespace tenfold::cuda {
namespace {

constexpr int64_t kFewElements = int64_t{1} << 21;
constexpr int64_t kManyThreads = 132 * 1024;
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
  list.add("pictures", p.outputs[0].dims[0].value());
  list.add("stored", p.outputs[0].dims[1].value());
}

int columns_of(const Tactic& tactic) {
  const int columns = tactic_value(tactic, "columns", 1);
  if (columns != 1 && columns != 2 && columns != 4)
    throw Error(Code::kInvalid, "no such tactic: '" + tactic + "'");
  return columns;
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
  // More columns a thread read less, fewer fill a large machine.
  std::vector<Tactic> tactics(const Problem& p, const Target&) const override {
    const Extents y = const_extents(at_tuning(p).outputs[0].dims);
    std::vector<Tactic> list{"columns=4", "columns=2", "columns=1"};
    if (y[0] * y[2] * y[3] * y[1] < kFewElements) std::reverse(list.begin(), list.end());
    return list;
  }
  TextRequest request(const Problem& p, const Tactic& tactic, const Target& target) const override {
    TextRequest request = ElementwiseRow::request(p, tactic, target);
    request.text = "#define COLUMNS " + std::to_string(columns_of(tactic)) + "\n" + request.text;
    return request;
  }
  Launch launch(const Problem& closed, const Problem& bound, const Tactic& tactic,
                const Target&) const override {
    Launch launch = elementwise_launch(closed, bound, anchor());
    const Operand& out = bound.outputs[0];
    const Extents y = const_extents(out.dims);
    const int64_t columns = columns_of(tactic), lanes = shape_of(closed, anchor()).lanes;
    const int64_t channels = out.format.dense() ? inner_extent(out) : y[1];
    const int64_t vectors = (channels + lanes - 1) / lanes;
    const int64_t threads = y[0] * y[2] * ((y[3] + columns - 1) / columns) * vectors;
    launch.block.x = threads >= kManyThreads ? 128 : 64;
    launch.grid.x = static_cast<uint32_t>((threads + launch.block.x - 1) / launch.block.x);
    return launch;
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
    if (p.closed && p.outputs[0].format.dense() && inner_extent(p.outputs[0]) > packed_channels(p))
      return Verdict::no("an output padded further than the weights");
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
  anchor.contraction = true;
  return std::make_unique<Depthwise>(
      "cuda.depthwise", std::vector<std::string>{"Conv(x, @w)", "Conv(x, @w, b)"}, anchor);
}

}  // namespace tenfold::cuda
