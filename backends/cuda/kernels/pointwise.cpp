// cuda.pointwise: an Expr over broadcast operands, without an anchor.
#include "backends/cuda/gen/elementwise.h"

namespace tenfold::cuda {
std::unique_ptr<Row> cuda_pointwise() {
  return std::make_unique<ElementwiseRow>(
      "cuda.pointwise", std::vector<std::string>{"Pointwise(...)"}, ElementwiseAnchor{});
}

}  // namespace tenfold::cuda
