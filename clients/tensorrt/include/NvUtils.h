// Rearranging weights.
#pragma once

#include "NvInfer.h"

namespace nvinfer1 {
namespace utils {

// Permutes the dimensions of a weights' array: output dimension k is input dimension inputOrder[k].
// `shape` has nbDims extents of the input; `data` has room for as many numbers.
TENSORRTAPI bool reshapeWeights(const Weights& input, const int* shape, const int* shapeOrder,
                                void* data, int nbDims);
// Reorders num sub-buffers of `size` bytes each in place: sub-buffer k receives order[k].
TENSORRTAPI bool reorderSubBuffers(void* input, const int* order, int num, int size);
// Transposes, in place, num matrices of height x width elements of `type`.
TENSORRTAPI bool transposeSubBuffers(void* input, DataType type, int num, int height, int width);

}  // namespace utils
}  // namespace nvinfer1
