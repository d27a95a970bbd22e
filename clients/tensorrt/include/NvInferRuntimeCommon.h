// Types that all of the interface shares: dimensions, element types, weights, logging, allocation.
// Objects are made and owned by the library; a program gives each back with destroy(), in any
// order.
#pragma once

#include <cstddef>
#include <cstdint>

#include "NvInferVersion.h"

// CUDA's handles, as CUDA's own headers declare them.
struct cublasContext;
struct cudnnContext;
typedef struct CUstream_st* cudaStream_t;
typedef struct CUevent_st* cudaEvent_t;

namespace nvinfer1 {

// How many enumerators T has.
template <typename T>
inline int EnumMax();

enum class DataType : int { kFLOAT = 0, kHALF = 1, kINT8 = 2, kINT32 = 3 };
template <>
inline int EnumMax<DataType>() {
  return 4;
}

enum class DimensionType : int { kSPATIAL = 0, kCHANNEL = 1, kINDEX = 2, kSEQUENCE = 3 };
template <>
inline int EnumMax<DimensionType>() {
  return 4;
}

// Extents of a tensor, without the batch dimension wherever a network or an engine speaks.
class Dims {
 public:
  static const int MAX_DIMS = 8;
  int nbDims;
  int d[MAX_DIMS];
  DimensionType type[MAX_DIMS];
};

class Dims2 : public Dims {
 public:
  Dims2() : Dims2(0, 0) {}
  Dims2(int d0, int d1) : Dims() {
    nbDims = 2;
    d[0] = d0;
    d[1] = d1;
  }
};

class DimsHW : public Dims2 {
 public:
  DimsHW() : DimsHW(0, 0) {}
  DimsHW(int height, int width) : Dims2(height, width) {
    type[0] = type[1] = DimensionType::kSPATIAL;
  }
  int& h() { return d[0]; }
  int h() const { return d[0]; }
  int& w() { return d[1]; }
  int w() const { return d[1]; }
};

class Dims3 : public Dims {
 public:
  Dims3() : Dims3(0, 0, 0) {}
  Dims3(int d0, int d1, int d2) : Dims() {
    nbDims = 3;
    d[0] = d0;
    d[1] = d1;
    d[2] = d2;
  }
};

class DimsCHW : public Dims3 {
 public:
  DimsCHW() : DimsCHW(0, 0, 0) {}
  DimsCHW(int channels, int height, int width) : Dims3(channels, height, width) {
    type[0] = DimensionType::kCHANNEL;
    type[1] = type[2] = DimensionType::kSPATIAL;
  }
  int& c() { return d[0]; }
  int c() const { return d[0]; }
  int& h() { return d[1]; }
  int h() const { return d[1]; }
  int& w() { return d[2]; }
  int w() const { return d[2]; }
};

class Dims4 : public Dims {
 public:
  Dims4() : Dims4(0, 0, 0, 0) {}
  Dims4(int d0, int d1, int d2, int d3) : Dims() {
    nbDims = 4;
    d[0] = d0;
    d[1] = d1;
    d[2] = d2;
    d[3] = d3;
  }
};

class DimsNCHW : public Dims4 {
 public:
  DimsNCHW() : DimsNCHW(0, 0, 0, 0) {}
  DimsNCHW(int batch, int channels, int height, int width) : Dims4(batch, channels, height, width) {
    type[0] = DimensionType::kINDEX;
    type[1] = DimensionType::kCHANNEL;
    type[2] = type[3] = DimensionType::kSPATIAL;
  }
  int& n() { return d[0]; }
  int n() const { return d[0]; }
  int& c() { return d[1]; }
  int c() const { return d[1]; }
  int& h() { return d[2]; }
  int h() const { return d[2]; }
  int& w() { return d[3]; }
  int w() const { return d[3]; }
};

// Numbers lent to the library: they must stay as they are until the engine is built.
class Weights {
 public:
  DataType type;
  const void* values;
  int64_t count;
};

// Bytes that the library owns, e.g. a serialized engine.
class IHostMemory {
 public:
  virtual void* data() const = 0;
  virtual std::size_t size() const = 0;
  virtual DataType type() const = 0;
  virtual void destroy() = 0;

 protected:
  virtual ~IHostMemory() {}
};

enum class TensorLocation : int { kDEVICE = 0, kHOST = 1 };
template <>
inline int EnumMax<TensorLocation>() {
  return 2;
}

enum class PluginFormat : uint8_t { kNCHW = 0, kNC2HW2 = 1, kNHWC8 = 2 };
template <>
inline int EnumMax<PluginFormat>() {
  return 3;
}

// Receives the library's messages, from any thread. Implemented by the program, with or without
// `noexcept`; it outlives all objects made with it.
class ILogger {
 public:
  enum class Severity : int {
    kINTERNAL_ERROR = 0,
    kERROR = 1,
    kWARNING = 2,
    kINFO = 3,
    kVERBOSE = 4
  };
  virtual void log(Severity severity, const char* msg) = 0;
  virtual ~ILogger() {}
};
template <>
inline int EnumMax<ILogger::Severity>() {
  return 5;
}

// Receives the time of every layer after a profiled execute(). Implemented by the program.
class IProfiler {
 public:
  virtual void reportLayerTime(const char* layerName, float ms) = 0;
  virtual ~IProfiler() {}
};

// A source of device memory. Implemented by the program. Tenfold accepts one and says in the log
// that it allocates by itself.
class IGpuAllocator {
 public:
  virtual void* allocate(uint64_t size, uint64_t alignment, uint32_t flags) = 0;
  virtual void free(void* memory) = 0;
  virtual ~IGpuAllocator() {}
};

class IErrorRecorder;

}  // namespace nvinfer1

// 1000 * major + 100 * minor + patch of the interface that the library was built with.
extern "C" TENSORRTAPI int getInferLibVersion();
