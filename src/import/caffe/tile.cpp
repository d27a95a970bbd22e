// Tile: a blob repeated along an axis.
#include <fmt/format.h>

#include "src/import/caffe/layer.h"

namespace tenfold::caffe {

constexpr int64_t kMostCopied = 64;  // a Concat's kernels are faster, but each operand costs

CAFFE_LAYER_IMPORT(Tile) {
  c.expect(1, 1, 1, 1);
  const TileParameter& p = c.layer().tile_param();
  const int64_t axis = LayerContext::axis(p.axis(), c.rank());
  const int64_t tiles = p.tiles();
  if (tiles <= 0) LayerContext::invalid("tiles must be positive");
  if (tiles > 4096) LayerContext::unsupported(fmt::format("{} tiles", tiles), "at most 4096");
  if (tiles == 1) {
    c.top(c.add("Identity", {c.bottom()}));
    return;
  }
  if (tiles > kMostCopied) {
    std::vector<int64_t> repeats(static_cast<size_t>(c.rank()), 1);
    repeats[static_cast<size_t>(axis)] = tiles;
    c.top(c.add("Tile", {c.bottom()}, {{"repeats", std::move(repeats)}}));
    return;
  }
  c.top(c.add("Concat", std::vector<ValueId>(static_cast<size_t>(tiles), c.bottom()),
              {{"axis", axis}}));
}

}  // namespace tenfold::caffe
