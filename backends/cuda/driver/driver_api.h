// The CUDA driver as a table of function pointers, opened at run time from libcuda.so.1.
#pragma once

#include <string>

#include "backends/cuda/driver/driver_types.h"
#include "tenfold/diag.h"

namespace tenfold::cuda {

struct DriverApi {
#define CUDA_FUNCTION(member, symbol, arguments) CUresult(*member) arguments = nullptr;
#include "backends/cuda/driver/driver_functions.def"
#undef CUDA_FUNCTION
  int version = 0;  // 13000 for CUDA 13.0
};

// The driver, loaded and initialized once; null without one. Thread-safe, and so is driver_error(),
// which says why there is none ("libcuda.so.1: not found ...", "cuInit: no CUDA-capable device").
const DriverApi* driver();
const std::string& driver_error();

// "CUDA_ERROR_INVALID_VALUE: invalid argument"
std::string describe(CUresult result);
// Throws Error{kDevice} (out of memory: kResource) that names `what`, unless the result is success.
void check(CUresult result, const char* what);
// The same as a Status, for the run path. `what` is static text.
inline Status status(CUresult result, const char* what) noexcept {
  if (result == kSuccess) return {};
  return {result == kErrorOutOfMemory ? Code::kResource : Code::kDevice, what, result};
}

}  // namespace tenfold::cuda
