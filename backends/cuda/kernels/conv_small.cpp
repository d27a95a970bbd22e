// cuda.conv_small: convolution of few pixels (small batches) or of few channels (pictures), f16
// with channels last and f32 sums, over tensor cores, with any Expr as epilogue. Weights are packed
// in the order of fragments.
#include <algorithm>
#include <cstring>

#include "backends/cuda/gen/contract.h"
#include "backends/cuda/gen/expr.h"
#include "backends/cuda/gen/operand_code.h"
#include "backends/cuda/gen/window.h"
#include "backends/cuda/kernels/conv_small_tile.h"

namespace tenfold::cuda {
namespace {

constexpr int64_t kMostPixels = 16384;  // other kernels are faster beyond, but for few channels
constexpr int64_t kMostPictures = 65535;  // of a grid

std::string define(const char* name, int64_t value) {
  return std::string("#define ") + name + " " + std::to_string(value) + "\n";
}

void params(const Problem& p, ParamList& list) {
  add_input_extents(p, list);
  const SmallConv c = small_conv(p);
  list.add("rows", c.pixels());
  list.add("filters", c.filters);
  list.add("filter_tiles", c.filter_tiles());
}

// Element (filter, depth) of a 16 x 16 fragment as a lane holds it: 8 elements of two filters.
int64_t in_fragment(int64_t filter, int64_t k) {
  const int64_t lane = filter % 8 * 4 + k % 8 / 2;
  return lane * 8 + k / 8 * 4 + filter / 8 * 2 + k % 2;
}

class ConvSmall final : public ElementwiseRow {
 public:
  using ElementwiseRow::ElementwiseRow;
  bool packs(const Problem&, int k) const override { return k == 1; }
  Verdict supports(const Problem& p, const Target& target) const override {
    const Verdict can = makes_tiles(target);
    return can ? ElementwiseRow::supports(p, target) : can;
  }

  std::vector<FormatTuple> formats(const Problem& p, const Target&,
                                   TypeSet permitted) const override {
    std::vector<FormatTuple> tuples;
    for (FormatTuple& tuple : contract_formats(p, permitted, true)) {
      if (tuple.inputs[0].dtype != DType::kF16) continue;
      tuple.inputs[1].layout = {};
      tuples.push_back(tuple);
    }
    return tuples;
  }

  std::vector<Tactic> tactics(const Problem& p, const Target& target) const override {
    std::vector<Tactic> list;
    for (const SmallTile& tile : small_tiles(small_conv(at_tuning(p)), target))
      list.push_back(tile.str());
    return list;
  }

  double estimate(const Problem& p, const Target& target) const override {
    const SmallConv c = small_conv(at_tuning(p));
    const auto tiles = small_tiles(c, target);
    return tiles.empty() ? 1e6 : time_us(c, tiles.front(), target);
  }

  TextRequest request(const Problem& p, const Tactic& tactic, const Target&) const override {
    const SmallConv c = small_conv(at_tuning(p));
    const SmallTile tile = SmallTile::parse(tactic);
    if (!is_tile_of(c, tile)) throw Error(Code::kInvalid, "no such tile: '" + tactic + "'");
    ElementwiseAnchor with_tile = anchor();
    with_tile.threads = tile.threads();
    TextRequest request = elementwise_request("cuda_conv_small", p, with_tile);
    request.text = define("ROWS", tile.rows) + define("COLS", tile.cols) + define("WN", tile.wn) +
                   define("MT", tile.mt) + define("WC", tile.wc) + define("WT", tile.wt) +
                   define("CHUNKS", tile.chunks) + define("DEPTH", tile.depth) +
                   define("THREADS", tile.threads()) + define("FLAT", c.flat) +
                   define("PACKED_ROWS", c.packed) + define("CELL", c.cell) +
                   define("TAPS_H", c.taps_h) + define("TAPS_W", c.taps_w) +
                   define("BLOCKS", c.blocks) + define("WINDOW_CELLS", c.window_cells) +
                   request.text;
    return request;
  }

  Launch launch(const Problem& closed, const Problem& bound, const Tactic& tactic,
                const Target&) const override {
    const SmallConv c = small_conv(bound);
    const SmallTile tile = SmallTile::parse(tactic);
    Launch launch = elementwise_launch(closed, bound, anchor());
    const auto tiles = [](int64_t n, int size) { return (n + size - 1) / size; };
    const int64_t places = c.flat ? tiles(c.pixels(), tile.cols)
                                  : tiles(c.height, tile.rows) * tiles(c.width, tile.cols);
    launch.grid = {static_cast<uint32_t>(places),
                   static_cast<uint32_t>(tiles(c.filters, tile.filters())),
                   static_cast<uint32_t>(c.flat ? 1 : c.batch)};
    launch.block = {static_cast<uint32_t>(tile.threads()), 1, 1};
    launch.shared_bytes = static_cast<uint32_t>(shared_bytes_of(c, tile));
    return launch;
  }

 protected:
  uint32_t shared_bytes(const Problem& p, const Tactic& tactic) const override {
    return static_cast<uint32_t>(
        shared_bytes_of(small_conv(at_tuning(p)), SmallTile::parse(tactic)));
  }

  Verdict accepts(const Problem& p) const override;
  std::vector<std::byte> pack(const Problem& p, int, const TensorView& value,
                              const Tactic&) const override;
};

Verdict ConvSmall::accepts(const Problem& p) const {
  if (p.anchor_inputs != 2) return Verdict::no("it takes an input and weights");
  if (const std::string why = window_refusal(p); !why.empty()) return Verdict::no(why);
  if (p.inputs[0].dims.size() != 4) return Verdict::no("it takes two spatial axes");
  if (p.attrs.i("group", 1) != 1) return Verdict::no("groups");
  if (!p.inputs[1].constant) return Verdict::no("weights that are no constant");
  if (!p.outputs[0].dims[1].is_const() || !p.inputs[0].dims[1].is_const())
    return Verdict::no("channels of unknown number");
  if (!p.closed) return {};
  for (const Operand* o : {&p.inputs[0], &p.outputs[0]})
    if (o->format.layout.kind != Layout::Kind::kChannelsLast)
      return Verdict::no("channels are not innermost");
  if (p.inputs[0].format.dtype != DType::kF16 || p.inputs[1].format.dtype != DType::kF16)
    return Verdict::no("it multiplies f16 only");
  if (p.inputs[1].format.layout.kind != Layout::Kind::kLinear || !p.inputs[1].format.dense())
    return Verdict::no("it packs weights from row-major order");
  if (p.accumulate != DType::kF32) return Verdict::no("it accumulates in f32");
  for (const auto* list : {&p.inputs, &p.outputs})
    for (const Operand& o : *list)
      if (device_bytes(o.format.dtype) == 8 || o.format.dtype == DType::kI32 ||
          o.format.dtype == DType::kU32)
        return Verdict::no("an epilogue over wide integers or f64");
  if (eval(p.inputs[0].dims, p.largest())[0] > kMostPictures)
    return Verdict::no("over " + std::to_string(kMostPictures) + " pictures");
  const SmallConv c = small_conv(at_tuning(p));
  if (const std::string why = small_conv_refusal(c); !why.empty()) return Verdict::no(why);
  if (p.inputs[0].format.enclosing % 8 != 0) return Verdict::no("rows of a slice off 16 bytes");
  if (!c.packed && c.pixels() > kMostPixels)
    return Verdict::no("over " + std::to_string(kMostPixels) + " output pixels");
  return {};
}

// [16 filters][tap][16 of depth] as fragments, zeros where filters, columns and channels end.
std::vector<std::byte> ConvSmall::pack(const Problem& p, int, const TensorView& value,
                                       const Tactic&) const {
  const SmallConv c = small_conv(at_tuning(p));
  const int64_t filters = value.dims[0], channels = value.dims[1], rows = value.dims[2],
                columns = value.dims[3];
  const int64_t count = int64_t{c.filter_tiles()} * c.steps() * 256;
  std::vector<std::byte> bytes(static_cast<size_t>(count * 2));
  const auto* from = static_cast<const std::byte*>(value.data);
  for (int64_t f = 0; f < filters; ++f)
    for (int64_t ch = 0; ch < channels; ++ch)
      for (int64_t r = 0; r < rows; ++r)
        for (int64_t s = 0; s < columns; ++s, from += 2) {
          const int64_t tap = c.packed ? r : r * columns + s;
          const int64_t k = c.packed ? s * c.cell + ch : ch;
          const int64_t fragment = (f / 16 * c.taps_h * c.taps_w + tap) * c.blocks + k / 16;
          std::memcpy(bytes.data() + (fragment * 256 + in_fragment(f % 16, k % 16)) * 2, from, 2);
        }
  return bytes;
}

}  // namespace

std::unique_ptr<Row> cuda_conv_small() {
  ElementwiseAnchor anchor;
  anchor.include = "kernels/conv_small.cu";
  anchor.params = params;
  anchor.defines = window_defines;
  anchor.contraction = true;
  anchor.reads_ahead = true;
  return std::make_unique<ConvSmall>(
      "cuda.conv_small", std::vector<std::string>{"Conv(x, @w)", "Conv(x, @w, b)"}, anchor);
}

}  // namespace tenfold::cuda
