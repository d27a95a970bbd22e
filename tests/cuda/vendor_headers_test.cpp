// Our declarations of cuDNN and cuBLASLt against the real headers, where these are installed.
#include <type_traits>

#include <gtest/gtest.h>

#include "backends/cuda/cublaslt/cublaslt_api.h"
#include "backends/cuda/cudnn/cudnn_api.h"

#if __has_include(<cudnn_graph.h>)
#include <cudnn_graph.h>
#define TENFOLD_HAS_CUDNN_HEADERS 1
#endif
#if __has_include(<cublasLt.h>)
#include <cublasLt.h>
#define TENFOLD_HAS_CUBLASLT_HEADERS 1
#endif

namespace tenfold::cuda {
namespace {

// Whether a call through one type reaches a function of the other: as many arguments, each of the
// same size and both pointers or neither.
template <typename Ours, typename Theirs>
inline constexpr bool kSameArgument = (std::is_void_v<Ours> && std::is_void_v<Theirs>) ||
                                      (std::is_pointer_v<Ours> == std::is_pointer_v<Theirs>);
template <typename Ours, typename Theirs>
constexpr bool same_size() {
  if constexpr (std::is_void_v<Ours> || std::is_void_v<Theirs>)
    return std::is_void_v<Ours> == std::is_void_v<Theirs>;
  else
    return sizeof(Ours) == sizeof(Theirs);
}
template <typename T>
using Decayed = std::conditional_t<std::is_array_v<T>, std::decay_t<T>, T>;

template <typename Ours, typename Theirs>
struct Callable : std::false_type {};
template <typename R1, typename... A1, typename R2, typename... A2>
  requires(sizeof...(A1) == sizeof...(A2))
struct Callable<R1 (*)(A1...), R2 (*)(A2...)>
    : std::bool_constant<kSameArgument<R1, R2> && same_size<R1, R2>() &&
                         (... &&
                          (kSameArgument<A1, Decayed<A2>> && same_size<A1, Decayed<A2>>()))> {};

#if TENFOLD_HAS_CUDNN_HEADERS
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
#define CUDNN_VALUE(constant, name, value) static_assert(cudnn::constant == name, #name);
#include "backends/cuda/cudnn/cudnn_values.def"
#undef CUDNN_VALUE
#define CUDNN_FUNCTION(member, symbol, result, arguments) \
  static_assert(Callable<decltype(CudnnApi::member), decltype(&::symbol)>::value, #symbol);
#include "backends/cuda/cudnn/cudnn_functions.def"
#undef CUDNN_FUNCTION
#endif

#if TENFOLD_HAS_CUBLASLT_HEADERS
#define CUBLASLT_VALUE(constant, name, value) static_assert(cublaslt::constant == name, #name);
#include "backends/cuda/cublaslt/cublaslt_values.def"
#undef CUBLASLT_VALUE
#define CUBLASLT_FUNCTION(member, symbol, result, arguments) \
  static_assert(Callable<decltype(CublasLtApi::member), decltype(&::symbol)>::value, #symbol);
#include "backends/cuda/cublaslt/cublaslt_functions.def"
#undef CUBLASLT_FUNCTION
static_assert(sizeof(CublasLtAlgo) == sizeof(cublasLtMatmulAlgo_t));
static_assert(sizeof(CublasLtHeuristicResult) == sizeof(cublasLtMatmulHeuristicResult_t));
static_assert(offsetof(CublasLtHeuristicResult, workspace) ==
              offsetof(cublasLtMatmulHeuristicResult_t, workspaceSize));
static_assert(offsetof(CublasLtHeuristicResult, state) ==
              offsetof(cublasLtMatmulHeuristicResult_t, state));
#endif

// The comparison happens when this file is compiled; here is told whether it did.
TEST(VendorHeaders, CudnnDeclarations) {
#if !TENFOLD_HAS_CUDNN_HEADERS
  GTEST_SKIP() << "cudnn_graph.h is not installed";
#endif
}
TEST(VendorHeaders, CublasLtDeclarations) {
#if !TENFOLD_HAS_CUBLASLT_HEADERS
  GTEST_SKIP() << "cublasLt.h is not installed";
#endif
}

}  // namespace
}  // namespace tenfold::cuda
