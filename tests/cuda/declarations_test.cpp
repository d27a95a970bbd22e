// Our declarations of the driver's and NVRTC's interface against the real headers, where installed.
#include <gtest/gtest.h>

#include "backends/cuda/driver/driver_api.h"
#include "backends/cuda/driver/nvrtc_api.h"

#if __has_include(<cuda.h>) && __has_include(<nvrtc.h>)
#include <type_traits>

#include <cuda.h>
#include <nvrtc.h>

namespace {

// Two types that a call passes alike: same size, same kind.
template <typename Ours, typename Theirs>
constexpr bool kAlike =
    sizeof(Ours) == sizeof(Theirs) && std::is_pointer_v<Ours> == std::is_pointer_v<Theirs> &&
    (std::is_pointer_v<Ours> ||
     (std::is_integral_v<Ours> && (std::is_integral_v<Theirs> || std::is_enum_v<Theirs>)));

template <typename Ours, typename Theirs>
struct Same : std::false_type {};
template <typename R, typename... A, typename S, typename... B>
struct Same<R (*)(A...), S (*)(B...)> {
  static constexpr bool args() {
    if constexpr (sizeof...(A) != sizeof...(B))
      return false;
    else
      return (kAlike<A, B> && ...);
  }
  static constexpr bool value = kAlike<R, S> && args();
};

#define CUDA_FUNCTION(member, symbol, arguments)                                              \
  static_assert(Same<decltype(tenfold::cuda::DriverApi::member), decltype(&::symbol)>::value, \
                #symbol);
#include "backends/cuda/driver/driver_functions.def"
#undef CUDA_FUNCTION
#define NVRTC_FUNCTION(member, symbol, result, arguments)                                    \
  static_assert(Same<decltype(tenfold::cuda::NvrtcApi::member), decltype(&::symbol)>::value, \
                #symbol);
#include "backends/cuda/driver/nvrtc_functions.def"
#undef NVRTC_FUNCTION

namespace ours = tenfold::cuda;
#define AT(our_type, our_field, their_type, their_field) \
  static_assert(offsetof(our_type, our_field) == offsetof(their_type, their_field), #their_field)

static_assert(sizeof(ours::LaunchAttribute) == sizeof(CUlaunchAttribute));
AT(ours::LaunchAttribute, value, CUlaunchAttribute, value);
static_assert(ours::kNodeKernel == CU_GRAPH_NODE_TYPE_KERNEL);
static_assert(ours::kNodeMemset == CU_GRAPH_NODE_TYPE_MEMSET);
static_assert(sizeof(ours::LaunchConfig) == sizeof(CUlaunchConfig));
AT(ours::LaunchConfig, shared_bytes, CUlaunchConfig, sharedMemBytes);
AT(ours::LaunchConfig, stream, CUlaunchConfig, hStream);
AT(ours::LaunchConfig, attributes, CUlaunchConfig, attrs);
AT(ours::LaunchConfig, attribute_count, CUlaunchConfig, numAttrs);
static_assert(sizeof(ours::KernelNodeParams) == sizeof(CUDA_KERNEL_NODE_PARAMS_v2));
AT(ours::KernelNodeParams, block_x, CUDA_KERNEL_NODE_PARAMS_v2, blockDimX);
AT(ours::KernelNodeParams, params, CUDA_KERNEL_NODE_PARAMS_v2, kernelParams);
AT(ours::KernelNodeParams, context, CUDA_KERNEL_NODE_PARAMS_v2, ctx);
static_assert(sizeof(ours::Memcpy3D) == sizeof(CUDA_MEMCPY3D_v2));
AT(ours::Memcpy3D, src_type, CUDA_MEMCPY3D_v2, srcMemoryType);
AT(ours::Memcpy3D, src_device, CUDA_MEMCPY3D_v2, srcDevice);
AT(ours::Memcpy3D, dst_type, CUDA_MEMCPY3D_v2, dstMemoryType);
AT(ours::Memcpy3D, dst_device, CUDA_MEMCPY3D_v2, dstDevice);
AT(ours::Memcpy3D, width_bytes, CUDA_MEMCPY3D_v2, WidthInBytes);
AT(ours::Memcpy3D, depth, CUDA_MEMCPY3D_v2, Depth);
static_assert(sizeof(ours::MemsetNodeParams) == sizeof(CUDA_MEMSET_NODE_PARAMS_v1));
AT(ours::MemsetNodeParams, value, CUDA_MEMSET_NODE_PARAMS_v1, value);
AT(ours::MemsetNodeParams, width, CUDA_MEMSET_NODE_PARAMS_v1, width);
static_assert(sizeof(ours::GraphEdgeData) == sizeof(CUgraphEdgeData));
AT(ours::GraphEdgeData, type, CUgraphEdgeData, type);
static_assert(sizeof(ours::GraphInstantiateParams) == sizeof(CUDA_GRAPH_INSTANTIATE_PARAMS));
static_assert(ours::kAttrMultiprocessorCount == CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
static_assert(ours::kAttrL2Bytes == CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE);
static_assert(ours::kAttrComputeMajor == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
static_assert(ours::kAttrComputeMinor == CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
static_assert(ours::kAttrSharedPerBlockOptin ==
              CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
static_assert(ours::kAttrSharedPerMultiprocessor ==
              CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR);
static_assert(ours::kAttrMemoryClockRate == CU_DEVICE_ATTRIBUTE_MEMORY_CLOCK_RATE);
static_assert(ours::kAttrMemoryBusWidth == CU_DEVICE_ATTRIBUTE_GLOBAL_MEMORY_BUS_WIDTH);
static_assert(ours::kAttrThreadsPerMultiprocessor ==
              CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR);
static_assert(ours::kFuncSharedSize == CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES);
static_assert(ours::kFuncLocalSize == CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES);
static_assert(ours::kFuncRegisters == CU_FUNC_ATTRIBUTE_NUM_REGS);
static_assert(ours::kFuncMaxDynamicShared == CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
static_assert(ours::kLaunchProgrammaticSerialization ==
              CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION);
static_assert(ours::kPortProgrammatic == CU_GRAPH_KERNEL_NODE_PORT_PROGRAMMATIC);
static_assert(ours::kEdgeProgrammatic == CU_GRAPH_DEPENDENCY_TYPE_PROGRAMMATIC);
static_assert(ours::kMemoryUnified == CU_MEMORYTYPE_UNIFIED);
static_assert(ours::kCaptureThreadLocal == CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
static_assert(ours::kCaptureRelaxed == CU_STREAM_CAPTURE_MODE_RELAXED);
static_assert(ours::kCaptureNone == CU_STREAM_CAPTURE_STATUS_NONE);
static_assert(ours::kStreamNonBlocking == CU_STREAM_NON_BLOCKING);

TEST(Declarations, AgreeWithTheHeaders) { SUCCEED() << "checked while compiling"; }

}  // namespace
#else
TEST(Declarations, AgreeWithTheHeaders) { GTEST_SKIP() << "cuda.h and nvrtc.h are not installed"; }
#endif
