// Our own declarations of the CUDA driver's types that we use: names, values and layouts are facts
// of its interface. A test compares them with the real header where one is installed.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tenfold::cuda {

using CUresult = int;
using CUdevice = int;
using CUdeviceptr = unsigned long long;
using CUcontext = struct ContextHandle*;
using CUmodule = struct ModuleHandle*;
using CUfunction = struct FunctionHandle*;
using CUstream = struct StreamHandle*;
using CUevent = struct EventHandle*;
using CUgraph = struct GraphHandle*;
using CUgraphNode = struct GraphNodeHandle*;
using CUgraphExec = struct GraphExecHandle*;
using CUhostFn = void (*)(void*);

inline constexpr CUresult kSuccess = 0;
inline constexpr CUresult kErrorOutOfMemory = 2;

// CUdevice_attribute
inline constexpr int kAttrMaxSharedPerBlock = 8;
inline constexpr int kAttrWarpSize = 10;
inline constexpr int kAttrClockRate = 13;         // kHz
inline constexpr int kAttrMultiprocessorCount = 16;
inline constexpr int kAttrMemoryClockRate = 36;   // kHz
inline constexpr int kAttrMemoryBusWidth = 37;    // bits
inline constexpr int kAttrL2Bytes = 38;
inline constexpr int kAttrThreadsPerMultiprocessor = 39;
inline constexpr int kAttrComputeMajor = 75;
inline constexpr int kAttrComputeMinor = 76;
inline constexpr int kAttrSharedPerMultiprocessor = 81;
inline constexpr int kAttrSharedPerBlockOptin = 97;
// CUfunction_attribute
inline constexpr int kFuncSharedSize = 1;
inline constexpr int kFuncLocalSize = 3;
inline constexpr int kFuncRegisters = 4;
inline constexpr int kFuncMaxDynamicShared = 8;
// CUstream_flags, CUevent_flags, CUmemorytype, capture
inline constexpr unsigned kStreamNonBlocking = 1;
inline constexpr unsigned kEventDefault = 0;
inline constexpr int kMemoryUnified = 4;
inline constexpr int kCaptureThreadLocal = 1;
inline constexpr int kCaptureRelaxed = 2;
inline constexpr int kCaptureNone = 0;
// CUlaunchAttributeID
inline constexpr int kLaunchProgrammaticSerialization = 6;
// CUgraphEdgeData
inline constexpr unsigned char kPortProgrammatic = 1;
inline constexpr unsigned char kEdgeProgrammatic = 1;
// CUgraphNodeType
inline constexpr int kNodeKernel = 0;
inline constexpr int kNodeMemset = 2;

struct LaunchAttribute {
  int id;
  char pad[4];
  union {
    char bytes[64];
    int number;
  } value;
};

struct LaunchConfig {
  unsigned grid_x, grid_y, grid_z;
  unsigned block_x, block_y, block_z;
  unsigned shared_bytes;
  CUstream stream;
  LaunchAttribute* attributes;
  unsigned attribute_count;
};

struct KernelNodeParams {  // CUDA_KERNEL_NODE_PARAMS_v2
  CUfunction function;
  unsigned grid_x, grid_y, grid_z;
  unsigned block_x, block_y, block_z;
  unsigned shared_bytes;
  void** params;
  void** extra;
  void* kernel;
  CUcontext context;
};

struct Memcpy3D {  // CUDA_MEMCPY3D_v2
  size_t src_x, src_y, src_z, src_lod;
  int src_type;
  const void* src_host;
  CUdeviceptr src_device;
  void* src_array;
  void* reserved0;
  size_t src_pitch, src_height;
  size_t dst_x, dst_y, dst_z, dst_lod;
  int dst_type;
  void* dst_host;
  CUdeviceptr dst_device;
  void* dst_array;
  void* reserved1;
  size_t dst_pitch, dst_height;
  size_t width_bytes, height, depth;
};

struct MemsetNodeParams {  // CUDA_MEMSET_NODE_PARAMS_v1
  CUdeviceptr dst;
  size_t pitch;
  unsigned value;
  unsigned element_size;
  size_t width;
  size_t height;
};

struct GraphEdgeData {
  unsigned char from_port, to_port, type;
  unsigned char reserved[5];
};

struct GraphInstantiateParams {
  uint64_t flags;
  CUstream upload_stream;
  CUgraphNode error_node;
  int result;
};

}  // namespace tenfold::cuda
