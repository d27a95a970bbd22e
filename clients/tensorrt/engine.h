// Engine and context: a Plan made ready, and one running copy of it.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "log.h"
#include "platform.h"
#include "tenfold/engine.h"
#include "tensor.h"

namespace tenfold::trt {

// Bytes that a program holds.
class HostMemory final : public nvinfer1::IHostMemory, public Owned<HostMemory> {
 public:
  explicit HostMemory(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
  void* data() const override { return const_cast<std::byte*>(bytes_.data()); }
  std::size_t size() const override { return bytes_.size(); }
  DataType type() const override { return DataType::kINT8; }
  void destroy() override { give_back(); }

 private:
  std::vector<std::byte> bytes_;
};

class EngineImpl final : public nvinfer1::ICudaEngine, public Owned<EngineImpl> {
 public:
  // Error as Engine::create; kUnsupported if the plan's bindings are beyond the interface.
  EngineImpl(Log log, Plan plan, const std::shared_ptr<Device>& device, bool trust);

  int getNbBindings() const override { return static_cast<int>(bindings_.size()); }
  int getBindingIndex(const char* name) const override;
  const char* getBindingName(int k) const override;
  bool bindingIsInput(int k) const override;
  Dims getBindingDimensions(int k) const override;
  DataType getBindingDataType(int k) const override;
  int getMaxBatchSize() const override { return max_batch_; }
  int getNbLayers() const override;
  std::size_t getWorkspaceSize() const override { return workspace_; }
  nvinfer1::IHostMemory* serialize() const override;
  nvinfer1::IExecutionContext* createExecutionContext() override;
  void destroy() override { give_back(); }
  nvinfer1::TensorLocation getLocation(int) const override {
    return nvinfer1::TensorLocation::kDEVICE;
  }
  nvinfer1::IExecutionContext* createExecutionContextWithoutDeviceMemory() override {
    return createExecutionContext();
  }
  std::size_t getDeviceMemorySize() const override;
  bool isRefittable() const override { return false; }

  const Log log;
  tenfold::Engine& engine() const { return *engine_; }
  bool has_plugins() const;

 private:
  struct BindingInfo {
    std::string name;
    Dims dims;
    DataType type;
    bool is_input;
  };
  const BindingInfo* binding(int k) const;
  std::shared_ptr<tenfold::Engine> engine_;
  std::vector<BindingInfo> bindings_;
  int max_batch_ = 1;
  std::size_t workspace_ = 0;
};

class ContextImpl final : public nvinfer1::IExecutionContext, public Owned<ContextImpl> {
 public:
  explicit ContextImpl(std::shared_ptr<EngineImpl> engine);
  ~ContextImpl() override;

  bool execute(int batch, void** bindings) override;
  bool enqueue(int batch, void** bindings, cudaStream_t stream, cudaEvent_t* consumed) override;
  void setDebugSync(bool sync) override { debug_sync_ = sync; }
  bool getDebugSync() const override { return debug_sync_; }
  void setProfiler(nvinfer1::IProfiler* profiler) override { profiler_ = profiler; }
  nvinfer1::IProfiler* getProfiler() const override { return profiler_; }
  const nvinfer1::ICudaEngine& getEngine() const override { return *engine_; }
  void destroy() override;
  void setName(const char* name) override { name_ = text(name); }
  const char* getName() const override { return name_.c_str(); }
  void setDeviceMemory(void*) override {}

 private:
  // A tenfold Context and the batch size that it is bound to.
  struct Running {
    std::unique_ptr<tenfold::Context> context;
    int batch = 0;
  };
  bool check(const char* what, int batch, void* const* bindings) const;
  bool run(Running& running, int batch, const std::vector<void*>& bindings, Stream& stream,
           bool wait);
  void report_times();

  const std::shared_ptr<EngineImpl> engine_;
  std::mutex mutex_;  // one run at a time, whichever stream it comes from
  platform::InFlight in_flight_;
  Running plain_, profiled_;
  std::unique_ptr<Stream> own_stream_;  // of execute()
  nvinfer1::IProfiler* profiler_ = nullptr;
  bool debug_sync_ = false;
  std::string name_;
};

// Keys of a plan's metadata that this client writes and reads.
inline constexpr char kMaxBatchKey[] = "tensorrt.max_batch";
inline constexpr char kWorkspaceKey[] = "tensorrt.workspace";
inline constexpr char kDimsKey[] = "tensorrt.dims.";  // + binding: "10,1,1"

}  // namespace tenfold::trt
