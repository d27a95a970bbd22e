// cuDNN's backend interface as a table of function pointers, opened at run time. The values and
// signatures are ours; tests/cuda/vendor_headers_test.cpp compares them with the real headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tenfold::cuda {

using cudnnStatus = int;
using CudnnHandle = struct CudnnHandleData*;

namespace cudnn {
#define CUDNN_VALUE(constant, name, value) inline constexpr int constant = value;
#include "backends/cuda/cudnn/cudnn_values.def"
#undef CUDNN_VALUE
}  // namespace cudnn

struct CudnnApi {
#define CUDNN_FUNCTION(member, symbol, result, arguments) result(*member) arguments = nullptr;
#include "backends/cuda/cudnn/cudnn_functions.def"
#undef CUDNN_FUNCTION
  size_t number = 0;             // 91900 for 9.19.0
  std::string version() const;   // "9.19.0"
};

// The library, loaded once; null without it. Thread-safe; cudnn_error() says why there is none.
const CudnnApi* cudnn_api();
const std::string& cudnn_error();

// Throws Error{kDevice} (not supported: kUnsupported) with cuDNN's own last message.
void check_cudnn(cudnnStatus status, const char* what);

}  // namespace tenfold::cuda
