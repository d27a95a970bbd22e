#include "src/op/common.h"

namespace tenfold::ops {

Op op_DepthToSpace() {
  return blocks("DepthToSpace",
                "Moves blocks of blocksize^2 channels into space. mode: DCR (default) or CRD, as "
                "ONNX orders them.",
                [](Shape& shape, int64_t block) {
                  shape[1] = parts(shape[1], block * block);
                  shape[2] = shape[2] * Dim(block);
                  shape[3] = shape[3] * Dim(block);
                });
}

}  // namespace tenfold::ops
