// Engines: what a built network runs as.
#pragma once

#include "NvInferPluginBase.h"
#include "NvInferRuntimeCommon.h"

namespace nvinfer1 {

class ICudaEngine;

// One running copy of an engine. One thread at a time; several contexts may run at once.
class IExecutionContext {
 public:
  // Runs batchSize (at most getMaxBatchSize) items. bindings[k] is the address of binding k.
  virtual bool execute(int batchSize, void** bindings) = 0;
  // The same in the order of a stream. `inputConsumed`, if given, is recorded once the inputs may
  // be overwritten. The array of bindings may be reused when the call is back.
  virtual bool enqueue(int batchSize, void** bindings, cudaStream_t stream,
                       cudaEvent_t* inputConsumed) = 0;
  virtual void setDebugSync(bool sync) = 0;
  virtual bool getDebugSync() const = 0;
  // Layer times are reported after each execute(); enqueue() is never profiled.
  virtual void setProfiler(IProfiler* profiler) = 0;
  virtual IProfiler* getProfiler() const = 0;
  virtual const ICudaEngine& getEngine() const = 0;
  virtual void destroy() = 0;
  virtual void setName(const char* name) = 0;
  virtual const char* getName() const = 0;
  // Tenfold keeps its own memory: the call is accepted and changes nothing.
  virtual void setDeviceMemory(void* memory) = 0;

 protected:
  virtual ~IExecutionContext() {}
};

// A network made ready for a device. Immutable but for its parent's destroy(); contexts keep what
// they need of it alive.
class ICudaEngine {
 public:
  // Inputs first, then outputs.
  virtual int getNbBindings() const = 0;
  virtual int getBindingIndex(const char* name) const = 0;  // -1: no such binding
  virtual const char* getBindingName(int bindingIndex) const = 0;
  virtual bool bindingIsInput(int bindingIndex) const = 0;
  virtual Dims getBindingDimensions(int bindingIndex) const = 0;  // without the batch
  virtual DataType getBindingDataType(int bindingIndex) const = 0;
  virtual int getMaxBatchSize() const = 0;
  virtual int getNbLayers() const = 0;  // of the plan: fused layers count once
  virtual std::size_t getWorkspaceSize() const = 0;
  virtual IHostMemory* serialize() const = 0;
  virtual IExecutionContext* createExecutionContext() = 0;
  virtual void destroy() = 0;
  virtual TensorLocation getLocation(int bindingIndex) const = 0;
  virtual IExecutionContext* createExecutionContextWithoutDeviceMemory() = 0;
  virtual std::size_t getDeviceMemorySize() const = 0;
  virtual bool isRefittable() const = 0;

 protected:
  virtual ~ICudaEngine() {}
};

class IRuntime {
 public:
  // Null, with the reason in the log, if the bytes are no engine that can run here. `pluginFactory`
  // makes the plugins in it and may be null if there are none.
  virtual ICudaEngine* deserializeCudaEngine(const void* blob, std::size_t size,
                                             IPluginFactory* pluginFactory) = 0;
  virtual void destroy() = 0;
  virtual void setDLACore(int dlaCore) = 0;
  virtual int getDLACore() const = 0;
  virtual int getNbDLACores() const = 0;
  virtual void setGpuAllocator(IGpuAllocator* allocator) = 0;

 protected:
  virtual ~IRuntime() {}
};

enum class WeightsRole : int { kKERNEL = 0, kBIAS = 1, kSHIFT = 2, kSCALE = 3, kCONSTANT = 4 };
template <>
inline int EnumMax<WeightsRole>() {
  return 5;
}

// Changes the weights of an engine: declared so that programs compile; making one fails with a
// message.
class IRefitter {
 public:
  virtual bool setWeights(const char* layerName, WeightsRole role, Weights weights) = 0;
  virtual bool refitCudaEngine() = 0;
  virtual int getMissing(int size, const char** layerNames, WeightsRole* roles) = 0;
  virtual int getAll(int size, const char** layerNames, WeightsRole* roles) = 0;
  virtual void destroy() = 0;

 protected:
  virtual ~IRefitter() {}
};

}  // namespace nvinfer1

extern "C" TENSORRTAPI void* createInferRefitter_INTERNAL(void* engine, void* logger, int version);
extern "C" TENSORRTAPI void* createInferRuntime_INTERNAL(void* logger, int version);
// The logger that was handed over last; null when no object made with it lives.
extern "C" TENSORRTAPI nvinfer1::ILogger* getLogger();

namespace nvinfer1 {
namespace {

inline IRefitter* createInferRefitter(ICudaEngine& engine, ILogger& logger) {
  return static_cast<IRefitter*>(
      createInferRefitter_INTERNAL(&engine, &logger, NV_TENSORRT_VERSION));
}
inline IRuntime* createInferRuntime(ILogger& logger) {
  return static_cast<IRuntime*>(createInferRuntime_INTERNAL(&logger, NV_TENSORRT_VERSION));
}

}  // namespace
}  // namespace nvinfer1
