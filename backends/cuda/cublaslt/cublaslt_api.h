// cuBLASLt as a table of function pointers, opened at run time. The values, structures and
// signatures are ours; tests/cuda/vendor_headers_test.cpp compares them with the real headers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tenfold::cuda {

using cublasStatus = int;
using CublasLtHandle = struct CublasLtHandleData*;

// A configured algorithm: the library's words, never stored in a plan.
struct CublasLtAlgo {
  uint64_t data[8];
};
struct CublasLtHeuristicResult {
  CublasLtAlgo algo;
  size_t workspace;
  cublasStatus state;
  float waves;
  int reserved[4];
};

namespace cublaslt {
#define CUBLASLT_VALUE(constant, name, value) inline constexpr int constant = value;
#include "backends/cuda/cublaslt/cublaslt_values.def"
#undef CUBLASLT_VALUE
}  // namespace cublaslt

struct CublasLtApi {
#define CUBLASLT_FUNCTION(member, symbol, result, arguments) result(*member) arguments = nullptr;
#include "backends/cuda/cublaslt/cublaslt_functions.def"
#undef CUBLASLT_FUNCTION
  size_t number = 0;             // 130100 for 13.1.0
  std::string version() const;   // "13.1.0"
};

// The library, loaded once; null without it. Thread-safe; cublaslt_error() says why there is none.
const CublasLtApi* cublaslt_api();
const std::string& cublaslt_error();

// Throws Error{kDevice} (not supported: kUnsupported) that names `what`, unless the status is
// success.
void check_cublaslt(cublasStatus status, const char* what);

}  // namespace tenfold::cuda
