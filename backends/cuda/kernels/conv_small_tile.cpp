#include "backends/cuda/kernels/conv_small_tile.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "backends/cuda/gen/operand_code.h"
#include "backends/cuda/gen/text_row.h"
#include "backends/cuda/gen/window.h"

namespace tenfold::cuda {
namespace {

constexpr int kMostShared = 100 * 1024;  // two blocks, of this kernel and the next, fit together
constexpr int kMostSteps = 72;           // of a warp: they are unrolled
constexpr int kMostPixels = 128;
constexpr size_t kMostTiles = 12;

int ceil_div(int64_t a, int64_t b) { return static_cast<int>((a + b - 1) / b); }

int pixel_tiles(const SmallTile& t) { return ceil_div(t.pixels(), 8); }

int steps_of_warp(const SmallConv& c, const SmallTile& t) { return c.steps() / (t.wc * t.wt); }

int patch_cells(const SmallConv& c, const SmallTile& t) {
  if (c.flat) return t.cols;
  const int rows = (t.rows - 1) * c.strides[0] + (c.kernel[0] - 1) * c.dilations[0] + 1;
  int cols = (t.cols - 1) * c.strides[1] + (c.window_cells - 1) * c.dilations[1] + 1;
  if (c.packed) cols += cols % 2;
  return rows * cols;
}

int cell_bytes(const SmallConv& c, const SmallTile& t) {
  return c.packed ? c.cell * 2 : c.blocks / t.chunks * 32;
}

int chunk_bytes(const SmallConv& c, const SmallTile& t) {
  const int pitch = cell_bytes(c, t) + (c.packed ? 0 : 16);
  return ceil_div(int64_t{patch_cells(c, t)} * pitch, 16) * 16;
}

int copies_of_thread(const SmallConv& c, const SmallTile& t) {
  const int bytes = cell_bytes(c, t);
  return ceil_div(int64_t{patch_cells(c, t)} * (bytes / std::min(bytes, 16)), t.threads());
}

// Registers of a thread that the text asks for, fragments of weights aside.
int registers_of(const SmallConv& c, const SmallTile& t) {
  const int pairs = ceil_div(pixel_tiles(t), 2);
  return 30 + pairs * (8 * t.mt + 8 + 1) + 2 * t.mt + copies_of_thread(c, t);
}

int register_limit(const SmallTile& t) {
  return t.threads() <= 256 ? 200 : t.threads() <= 384 ? 160 : 124;
}

// Sets the depth; false where the tile does not fit.
bool fit(const SmallConv& c, SmallTile& t) {
  const int threads = t.threads();
  if (threads < 64 || threads > 512) return false;
  if (c.blocks % (t.chunks * t.wc) != 0 || (c.taps_h * c.taps_w) % t.wt != 0) return false;
  if (c.packed && t.chunks > 1) return false;
  const int steps = steps_of_warp(c, t);
  if (steps > kMostSteps || shared_bytes_of(c, t) > kMostShared) return false;
  const int left = (register_limit(t) - registers_of(c, t)) / (4 * t.mt);
  t.depth = std::min({steps, left, 24 / t.mt});
  return t.depth >= std::min(steps, 2);
}

// Divisors of n up to 16.
std::vector<int> divisors(int n) {
  std::vector<int> list;
  for (int d = 1; d <= 16; ++d)
    if (n % d == 0) list.push_back(d);
  return list;
}

// Extents of tiles in pixels.
std::vector<std::pair<int, int>> windows_of(const SmallConv& c) {
  std::vector<std::pair<int, int>> list;
  if (c.flat) {
    for (const int px : {16, 24, 32, 40, 48, 56, 64, 80, 96, 112}) {
      if (px >= c.pixels() + 16) break;
      list.emplace_back(1, px);
    }
    return list;
  }
  int last = 0;
  for (int parts = 1; parts <= 16; ++parts) {
    const int cols = ceil_div(std::max<int64_t>(c.width, 1), parts);
    if (cols > kMostPixels || cols == last || (parts > 1 && cols < 7)) continue;
    last = cols;
    for (int rows = 1; rows <= c.height && rows * cols <= kMostPixels; ++rows)
      list.emplace_back(rows, cols);
  }
  if (list.empty()) list.emplace_back(1, static_cast<int>(std::clamp<int64_t>(c.width, 1, 8)));
  return list;
}

// Calls take(tile) for all that fit until it returns false.
template <typename Take>
void each_tile(const SmallConv& c, Take take) {
  const std::set<int> ways = {1, c.taps_h, c.taps_h * c.taps_w};
  const std::vector<int> parts = divisors(c.blocks);
  for (const auto& [rows, cols] : windows_of(c))
    for (const auto& [wn, mt] : {std::pair(1, 1), {2, 1}, {1, 2}, {4, 1}, {2, 2}, {4, 2}}) {
      if (wn * mt > 1 && (wn * mt - 1) * 16 >= c.filters) continue;
      for (const int wt : ways)
        for (const int wc : parts)
          for (const int chunks : {1, 2, 4, 8}) {
            SmallTile t{rows, cols, wn, mt, wc, wt, chunks, 1};
            if (chunks > 1 && chunk_bytes(c, t) < 12 * 1024) continue;
            if (fit(c, t) && !take(t)) return;
          }
    }
}

}  // namespace

SmallConv small_conv(const Problem& p) {
  SmallConv c;
  const Extents y = const_extents(p.outputs[0].dims);
  const SpatialWindow w = window_of(p);
  c.batch = y[0];
  c.height = y[2];
  c.width = y[3];
  c.filters = static_cast<int>(y[1]);
  c.cell = static_cast<int>(p.inputs[0].format.dense() ? inner_extent(p.inputs[0])
                                                       : p.inputs[0].dims[1].value());
  for (size_t k = 0; k < 2; ++k) {
    c.kernel[k] = static_cast<int>(w.kernel[k]);
    c.strides[k] = static_cast<int>(w.strides[k]);
    c.dilations[k] = static_cast<int>(w.dilations[k]);
  }
  for (size_t k = static_cast<size_t>(p.anchor_inputs); k < p.inputs.size(); ++k)
    c.operands += p.inputs[k].dims == p.outputs[0].dims;
  c.packed = c.cell == 4 || (c.cell == 8 && c.kernel[1] > 1 && c.dilations[1] == 1);
  c.flat = !c.packed && c.kernel[0] == 1 && c.kernel[1] == 1;
  c.taps_h = c.kernel[0];
  if (c.packed) {
    c.blocks = ceil_div(int64_t{c.kernel[1]} * c.cell, 16);
    c.window_cells = c.blocks * 16 / c.cell;
  } else {
    c.taps_w = c.window_cells = c.kernel[1];
    c.blocks = ceil_div(c.cell, 16);
  }
  return c;
}

std::string small_conv_refusal(const SmallConv& c) {
  if (c.filters % 8 != 0) return "filters that are no multiple of 8";
  if (c.cell != 4 && c.cell % 8 != 0) return "channels that are stored as no multiple of 8";
  if (c.cell == 4 && (c.strides[1] % 2 != 0 || c.dilations[1] != 1))
    return "windows of 4 channels that begin at no multiple of 16 bytes";
  if (c.kernel[0] * c.kernel[1] > 121) return "a window of more than 121 taps";
  bool any = false;
  each_tile(c, [&](const SmallTile&) { return !(any = true); });
  return any ? "" : "no tile fits its depth";
}

std::string SmallTile::str() const {
  const auto part = [](const char* name, int value) {
    return std::string(name) + "=" + std::to_string(value);
  };
  return part("rows", rows) + part(" cols", cols) + part(" wn", wn) + part(" mt", mt) +
         part(" wc", wc) + part(" wt", wt) + part(" chunks", chunks) + part(" depth", depth);
}

SmallTile SmallTile::parse(const Tactic& tactic) {
  SmallTile t;
  const auto read = [&](const char* name, int& value) {
    value = tactic_value(tactic, name, 0);
    if (value < 1 || value > 1024) throw Error(Code::kInvalid, "no such tile: '" + tactic + "'");
  };
  read("rows", t.rows);
  read("cols", t.cols);
  read("wn", t.wn);
  read("mt", t.mt);
  read("wc", t.wc);
  read("wt", t.wt);
  read("chunks", t.chunks);
  read("depth", t.depth);
  return t;
}

bool is_tile_of(const SmallConv& c, const SmallTile& tile) {
  bool found = false;
  each_tile(c, [&](const SmallTile& t) { return !(found = t == tile); });
  return found;
}

int shared_bytes_of(const SmallConv& c, const SmallTile& t) {
  const int patch = chunk_bytes(c, t) * std::min(t.chunks, 2);
  const int sums = pixel_tiles(t) * 8 * (t.filters() + 4) * 4 * t.wc * t.wt;
  return std::max(patch, sums);
}

int64_t blocks_of(const SmallConv& c, const SmallTile& t) {
  const int64_t across = c.flat ? ceil_div(c.pixels(), t.cols)
                                : c.batch * ceil_div(c.height, t.rows) * ceil_div(c.width, t.cols);
  return across * ceil_div(c.filters, t.filters());
}

// Cycles of a block's stages, one after the other, and of the machine where blocks queue.
double time_us(const SmallConv& c, const SmallTile& t, const Target& target) {
  const double sms = static_cast<double>(target.i("sm_count", 100));
  const double blocks = static_cast<double>(blocks_of(c, t));
  const double px = pixel_tiles(t) * 8.0, depth = c.steps() * 16.0;
  const int warps = t.threads() / 32, steps = steps_of_warp(c, t);
  const double load = 600 + chunk_bytes(c, t) * t.chunks / 45.0;
  const double reads = t.wn * px * depth * 2 / 128;
  const double products = px * t.filters() * depth / 900;
  const double alone = steps * std::max(40.0, pixel_tiles(t) * t.mt * 10.0);
  const double refill = (steps - t.depth) * 16.0 * warps * t.mt / 4;
  const double main = 60 + std::max({reads, products, alone}) + refill + (t.chunks - 1) * 60;
  const double vectors = std::ceil(px * t.filters() / 8 / t.threads());
  const double share = t.wc * t.wt;
  const double sum = 250 + share * px * t.filters() * 8 / 128 + vectors * (350 + share * 8);
  const double at_once = std::min(blocks, 2 * sms);
  const double weights = at_once * t.filters() * depth * 2 / 3000;  // of the second-level cache
  const double cycles = std::max(load, weights) + main + sum;
  // A second block on a multiprocessor overlaps with the first in part.
  const double waves = std::max(1.0, 0.35 + 0.65 * blocks / sms);
  return 0.95 + 0.45 * c.operands + cycles * waves / 1670;
}

std::vector<SmallTile> small_tiles(const SmallConv& c, const Target& target) {
  std::vector<std::pair<double, SmallTile>> found;
  each_tile(c, [&](const SmallTile& t) {
    found.emplace_back(time_us(c, t, target), t);
    return true;
  });
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  // Distinct shapes first, then other ways to divide the depth.
  std::vector<SmallTile> best;
  for (const size_t alike : {1, 2})
    for (const auto& [us, tile] : found) {
      if (best.size() == (alike == 1 ? kMostTiles - 2 : kMostTiles)) break;
      if (std::find(best.begin(), best.end(), tile) != best.end()) continue;
      const auto same = std::count_if(best.begin(), best.end(), [&](const SmallTile& other) {
        return pixel_tiles(other) == pixel_tiles(tile) && other.filters() == tile.filters();
      });
      if (static_cast<size_t>(same) < alike) best.push_back(tile);
    }
  return best;
}

}  // namespace tenfold::cuda
