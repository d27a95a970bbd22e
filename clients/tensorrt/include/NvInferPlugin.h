// The start-up call of TensorRT's plugin library.
#pragma once

#include "NvInfer.h"

// Registers the built-in plugins: Tenfold has none yet, and the call succeeds.
extern "C" TENSORRTAPI bool initLibNvInferPlugins(void* logger, const char* libNamespace);

namespace nvinfer1 {
namespace plugin {}
}  // namespace nvinfer1
