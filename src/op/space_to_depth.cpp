#include "src/op/common.h"

namespace tenfold::ops {

Op op_SpaceToDepth() {
  return blocks("SpaceToDepth",
                "Moves blocks of blocksize x blocksize pixels into channels (block rows, block "
                "columns, channel).",
                [](Shape& shape, int64_t block) {
                  shape[1] = shape[1] * Dim(block * block);
                  shape[2] = parts(shape[2], block);
                  shape[3] = parts(shape[3], block);
                });
}

}  // namespace tenfold::ops
