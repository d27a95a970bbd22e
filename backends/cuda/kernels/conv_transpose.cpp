// cuda.conv_transpose: deconvolution gathered, one output element a lane.
#include "backends/cuda/gen/naive_conv.h"

namespace tenfold::cuda {

std::unique_ptr<Row> cuda_conv_transpose() {
  return naive_conv("conv_transpose", {"ConvTranspose(x, w)", "ConvTranspose(x, w, b)"}, 1);
}

}  // namespace tenfold::cuda
