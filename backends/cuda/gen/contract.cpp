#include "backends/cuda/gen/contract.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "backends/cuda/gen/expr.h"
#include "backends/cuda/gen/operand_code.h"

namespace tenfold::cuda {
namespace {

// Deeper steps for contractions whose few blocks would otherwise wait at every step.
constexpr Tile kHalfTiles[] = {
    {128, 128, 2, 4, 32, 3}, {128, 64, 2, 2, 32, 3}, {64, 64, 2, 2, 32, 3}, {64, 64, 2, 2, 64, 4},
    {64, 32, 4, 1, 64, 4},   {32, 64, 2, 2, 64, 4},  {64, 16, 4, 1, 64, 4}};
constexpr Tile kTf32Tiles[] = {{128, 128, 2, 4, 16, 3}, {128, 64, 2, 2, 16, 3},
                               {64, 64, 2, 2, 16, 3},   {64, 64, 2, 2, 32, 4},
                               {64, 32, 4, 1, 32, 4},   {32, 64, 2, 2, 32, 4}};
constexpr Tile kCoreTiles[] = {
    {128, 64, 8, 1, 16, 3}, {64, 64, 8, 1, 16, 3}, {64, 32, 8, 1, 32, 3}};

// As gen/contract.cuh counts them.
int kind_of(const Problem& p) {
  if (p.compute == DType::kTF32) return 1;
  return p.inputs[0].format.dtype == DType::kF16 ? 2 : 0;
}

std::span<const Tile> tiles_of(const Problem& p) {
  const int kind = kind_of(p);
  if (kind == 0) return kCoreTiles;
  if (kind == 1) return kTf32Tiles;
  return kHalfTiles;
}

Tile tile_of(const Problem& p, const Tactic& tactic) {
  const int m = tactic_value(tactic, "m", 0), n = tactic_value(tactic, "n", 0),
            k = tactic_value(tactic, "k", 0);
  for (const Tile& tile : tiles_of(p))
    if (tile.m == m && tile.n == n && tile.k == k) return tile;
  throw Error(Code::kInvalid, "no such tile: '" + tactic + "'");
}

int threads_of(const Tile& tile) { return tile.warps_m * tile.warps_n * 32; }

int shared_of(const Problem& p, const Tile& tile) {
  const int element = device_bytes(p.inputs[0].format.dtype);
  const int row = tile.k + 16 / element;
  const int pipeline = tile.stages * (tile.m + tile.n) * row * element;
  const int out = tile.m * (tile.n + 4) * 4;
  return std::max(pipeline, out) + tile.m * 16;
}

// Rows of A begin at multiples of it: slices do at 16 bytes.
int copy_elements(const Problem& p, int64_t contiguous) {
  int n = 16 / device_bytes(p.inputs[0].format.dtype);
  while (n > 1 && (contiguous % n != 0 || p.inputs[0].format.enclosing % n != 0)) n /= 2;
  return n;
}

// Microseconds of a tile's choice: waves of blocks at the share of the peak that such tiles reach.
double tile_us(const Problem& p, const ContractSizes& s, const Tile& tile, const Target& target) {
  const int kind = kind_of(p);
  const double peak = static_cast<double>(target.i(kind == 0   ? "f32_flops"
                                                   : kind == 1 ? "tf32_flops"
                                                               : "f16_flops",
                                                   19500000000000));
  const double sms = static_cast<double>(target.i("sm_count", 100));
  const double blocks = std::ceil(static_cast<double>(s.rows) / tile.m) *
                        std::ceil(static_cast<double>(s.columns) / tile.n) *
                        static_cast<double>(s.batches);
  const double share = kind == 0 ? 0.6 : tile.m * tile.n >= 8192 ? 0.45 : 0.3;
  const double steps = std::ceil(static_cast<double>(s.depth) / tile.k);
  const double flops = 2.0 * tile.m * tile.n * steps * tile.k;
  // A block alone on its multiprocessor waits for memory at every step.
  const double alone = 1.5 + (0.06 + 0.06 * tile.k / (kind == 2 ? 32 : 16)) * steps;
  const double busy = std::ceil(blocks / sms) * flops / (peak * 1e-6 / sms * share);
  return 2.0 + std::max(alone, busy);
}

}  // namespace

std::string Tile::str() const {
  return "m=" + std::to_string(m) + " n=" + std::to_string(n) + " k=" + std::to_string(k);
}

std::vector<Tactic> ContractRow::tactics(const Problem& problem, const Target& target) const {
  const ContractSizes s = sizes(at_tuning(problem));
  std::vector<Tile> tiles(tiles_of(problem).begin(), tiles_of(problem).end());
  std::stable_sort(tiles.begin(), tiles.end(), [&](const Tile& a, const Tile& b) {
    return tile_us(problem, s, a, target) < tile_us(problem, s, b, target);
  });
  std::vector<Tactic> list;
  for (const Tile& tile : tiles) list.push_back(tile.str());
  return list;
}

double ContractRow::estimate(const Problem& problem, const Target& target) const {
  const ContractSizes s = sizes(at_tuning(problem));
  double best = 1e30;
  for (const Tile& tile : tiles_of(problem))
    best = std::min(best, tile_us(problem, s, tile, target));
  const double bytes_per_us =
      static_cast<double>(target.i("mem_bytes_per_s", 2000000000000)) * 1e-6;
  return std::max(best, 2.0 + cost_of(problem, problem.tuning()).bytes / bytes_per_us / 0.7);
}

uint32_t ContractRow::shared_bytes(const Problem& problem, const Tactic& tactic) const {
  return static_cast<uint32_t>(shared_of(problem, tile_of(problem, tactic)));
}

TextRequest ContractRow::request(const Problem& problem, const Tactic& tactic,
                                 const Target&) const {
  const Tile tile = tile_of(problem, tactic);
  ElementwiseAnchor with_tile = anchor();
  with_tile.threads = threads_of(tile);
  std::string entry(name());
  std::replace(entry.begin(), entry.end(), '.', '_');
  TextRequest request = elementwise_request(entry, problem, with_tile);
  const auto define = [](const char* name, int64_t value) {
    return std::string("#define ") + name + " " + std::to_string(value) + "\n";
  };
  request.text = define("KIND", kind_of(problem)) + define("BM", tile.m) + define("BN", tile.n) +
                 define("BK", tile.k) + define("WARPS_M", tile.warps_m) +
                 define("WARPS_N", tile.warps_n) + define("THREADS", threads_of(tile)) +
                 define("STAGES", tile.stages) +
                 define("VEC", copy_elements(problem, sizes(at_tuning(problem)).contiguous)) +
                 define("B_CONSTANT", problem.inputs[1].constant) + "#define ELEMENT " +
                 device_type(problem.inputs[0].format.dtype) + "\n" + request.text;
  return request;
}

Launch ContractRow::launch(const Problem& closed, const Problem& bound, const Tactic& tactic,
                           const Target&) const {
  const Tile tile = tile_of(closed, tactic);
  const ContractSizes s = sizes(bound);
  Launch launch = elementwise_launch(closed, bound, anchor());
  const auto tiles = [](int64_t n, int size) {
    return static_cast<uint32_t>((n + size - 1) / size);
  };
  launch.grid = {tiles(s.rows, tile.m), tiles(s.columns, tile.n), static_cast<uint32_t>(s.batches)};
  launch.block = {static_cast<uint32_t>(threads_of(tile)), 1, 1};
  launch.shared_bytes = static_cast<uint32_t>(shared_of(closed, tile));
  return launch;
}

Verdict makes_tiles(const Target& target) {
  return target.i("cc", 80) >= 80 ? Verdict() : Verdict::no("it needs compute capability 8.0");
}

Verdict ContractRow::fits_grid(const Problem& p) const {
  constexpr int64_t kMostLayers = 65535;  // of a grid's second and third axis
  const ContractSizes s = sizes(at_tuning(p));
  int narrowest = std::numeric_limits<int>::max();
  for (const Tile& tile : tiles_of(p)) narrowest = std::min(narrowest, tile.n);
  if (s.columns / narrowest >= kMostLayers)
    return Verdict::no("more columns than a grid has layers");
  if (s.batches > kMostLayers) return Verdict::no("more matrices than a grid has layers");
  return {};
}

Verdict ContractRow::takes_types(const Problem& p) const {
  const DType type = p.inputs[0].format.dtype;
  if (type != DType::kF32 && type != DType::kF16)
    return Verdict::no("it multiplies f32, tf32 and f16 only");
  if (p.inputs[1].format.dtype != type) return Verdict::no("operands of two types");
  if (p.compute == DType::kTF32 && type != DType::kF32)
    return Verdict::no("tf32 products of operands that are not f32");
  if (p.accumulate != DType::kF32) return Verdict::no("it accumulates in f32");
  if (!p.inputs[1].format.dense()) return Verdict::no("weights inside a larger buffer");
  for (const auto* list : {&p.inputs, &p.outputs})
    for (const Operand& o : *list)
      if (device_bytes(o.format.dtype) == 8 || o.format.dtype == DType::kI32 ||
          o.format.dtype == DType::kU32)
        return Verdict::no("an epilogue over wide integers or f64");
  return {};
}

std::vector<FormatTuple> contract_formats(const Problem& problem, TypeSet permitted,
                                          bool pictures) {
  std::vector<FormatTuple> tuples;
  const auto padding = [](const Operand& o, bool first) {
    const int64_t channels = o.dims[1].is_const() ? o.dims[1].value() : 0;
    if (channels % 8 == 0) return 1;
    return first && channels <= 4 ? 4 : 8;
  };
  const bool grouped = problem.attrs.i("group", 1) != 1;
  const auto add = [&](DType type, DType compute) {
    FormatTuple tuple;
    const bool pad = type == DType::kF16 && pictures && !grouped;
    for (size_t k = 0; k < problem.inputs.size(); ++k) {
      const Operand& o = problem.inputs[k];
      Format f;
      f.dtype = o.format.dtype;
      if (f.dtype == DType::kF32 && (k < 2 || !o.constant)) f.dtype = type;
      const bool picture = pictures && o.dims.size() >= 3 && (k < 2 || !o.constant);
      if (picture && o.format.dtype == DType::kF32)
        f.layout = Layout::channels_last(pad && !is_one(o.dims[1]) ? padding(o, k < 2) : 1);
      if (picture && k < 2 && pad) f.layout = Layout::channels_last(padding(o, true));
      tuple.inputs.push_back(f);
    }
    for (const Operand& o : problem.outputs) {
      Format f;
      f.dtype = o.format.dtype == DType::kF32 ? type : o.format.dtype;
      if (pictures) f.layout = Layout::channels_last(pad ? padding(o, false) : 1);
      tuple.outputs.push_back(f);
    }
    tuple.compute = compute;
    tuples.push_back(tuple);
  };
  if (permitted.contains(DType::kF16)) add(DType::kF16, DType::kF16);
  if (permitted.contains(DType::kF16) && !pictures) {  // logits leave as f32
    add(DType::kF16, DType::kF16);
    for (size_t j = 0; j < problem.outputs.size(); ++j)
      tuples.back().outputs[j].dtype = problem.outputs[j].format.dtype;
  }
  if (permitted.contains(DType::kTF32)) add(DType::kF32, DType::kTF32);
  add(DType::kF32, DType::kF32);
  return tuples;
}

}  // namespace tenfold::cuda
