// Tile: a blob repeated along an axis.
#include <fmt/format.h>

#include "src/import/caffe/layer.h"

namespace tenfold::caffe {

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
  c.top(c.add("Concat", std::vector<ValueId>(static_cast<size_t>(tiles), c.bottom()),
              {{"axis", axis}}));
}

}  // namespace tenfold::caffe
