// cuda.conv_direct: any convolution, one output element a lane.
#include "backends/cuda/gen/naive_conv.h"

namespace tenfold::cuda {

std::unique_ptr<Row> cuda_conv_direct() {
  return naive_conv("conv_direct", {"Conv(x, w)", "Conv(x, w, b)"}, 0);
}

}  // namespace tenfold::cuda
