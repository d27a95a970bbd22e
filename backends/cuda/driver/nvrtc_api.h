// NVRTC, the run-time compiler of CUDA device text, opened at run time.
#pragma once

#include <cstddef>
#include <string>

namespace tenfold::cuda {

using nvrtcResult = int;
using nvrtcProgram = struct NvrtcProgramHandle*;

struct NvrtcApi {
#define NVRTC_FUNCTION(member, symbol, result, arguments) result(*member) arguments = nullptr;
#include "backends/cuda/driver/nvrtc_functions.def"
#undef NVRTC_FUNCTION
  int major = 0, minor = 0;
  std::string version() const { return std::to_string(major) + "." + std::to_string(minor); }
};

// NVRTC, loaded once; null without it. Thread-safe; nvrtc_error() says why there is none.
const NvrtcApi* nvrtc();
const std::string& nvrtc_error();

}  // namespace tenfold::cuda
