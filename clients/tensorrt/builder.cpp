// IBuilder: from layers to an engine.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <optional>
#include <set>

#include "engine.h"
#include "layers.h"
#include "platform.h"
#include "start.h"
#include "tenfold/compile.h"

namespace tenfold::trt {
namespace {

using nvinfer1::DeviceType;

// Null for layers that are no plugins.
std::shared_ptr<Plugin> plugin_of(const LayerCore& layer) {
  if (const auto* v1 = dynamic_cast<const PluginLayer*>(&layer)) return v1->plugin;
  if (const auto* v2 = dynamic_cast<const PluginV2Layer*>(&layer)) return v2->plugin;
  return nullptr;
}

// One for the process: a second build of the same network times nothing.
TimingCache& timing_cache() {
  static TimingCache* const kCache = new TimingCache;
  return *kCache;
}

class BuilderImpl final : public nvinfer1::IBuilder, public Owned<BuilderImpl> {
 public:
  explicit BuilderImpl(Log log) : log_(log) {}

  nvinfer1::INetworkDefinition* createNetwork() override {
    return guarded(log_, "createNetwork", static_cast<nvinfer1::INetworkDefinition*>(nullptr),
                   [&]() -> nvinfer1::INetworkDefinition* {
                     return NetworkImpl::hand_out(std::make_shared<NetworkImpl>(log_));
                   });
  }
  void setMaxBatchSize(int n) override { max_batch_ = n; }
  int getMaxBatchSize() const override { return max_batch_; }
  void setMaxWorkspaceSize(std::size_t bytes) override { workspace_ = bytes; }
  std::size_t getMaxWorkspaceSize() const override { return workspace_; }
  void setHalf2Mode(bool mode) override { fp16_ = mode; }
  bool getHalf2Mode() const override { return fp16_; }
  void setFp16Mode(bool mode) override { fp16_ = mode; }
  bool getFp16Mode() const override { return fp16_; }
  void setDebugSync(bool sync) override { debug_sync_ = sync; }
  bool getDebugSync() const override { return debug_sync_; }
  void setMinFindIterations(int n) override { min_find_ = n; }
  int getMinFindIterations() const override { return min_find_; }
  void setAverageFindIterations(int n) override { average_find_ = n; }
  int getAverageFindIterations() const override { return average_find_; }
  nvinfer1::ICudaEngine* buildCudaEngine(nvinfer1::INetworkDefinition& network) override {
    return guarded(log_, "buildCudaEngine", static_cast<nvinfer1::ICudaEngine*>(nullptr),
                   [&]() -> nvinfer1::ICudaEngine* {
                     auto* given_network = static_cast<NetworkImpl*>(given(network));
                     if (!given_network) throw Error(Code::kInvalid, "the network is null");
                     return build(given_network->core);
                   });
  }
  bool platformHasFastFp16() const override { return platform::has_fast_fp16(); }
  bool platformHasFastInt8() const override { return false; }
  void destroy() override { give_back(); }
  void setInt8Mode(bool mode) override {
    int8_ = mode;
    if (mode) log_.warn("INT8 is not available yet: the engine keeps floating point");
  }
  bool getInt8Mode() const override { return int8_; }
  void setInt8Calibrator(nvinfer1::IInt8Calibrator* calibrator) override {
    if (calibrator) log_.warn("INT8 is not available yet: the calibrator is not asked");
  }
  void setDeviceType(nvinfer1::ILayer* layer, DeviceType type) override {
    set_.insert(layer);
    if (type == DeviceType::kDLA) no_dla();
  }
  DeviceType getDeviceType(const nvinfer1::ILayer*) const override { return DeviceType::kGPU; }
  bool isDeviceTypeSet(const nvinfer1::ILayer* layer) const override {
    return set_.count(layer) != 0;
  }
  void resetDeviceType(nvinfer1::ILayer* layer) override { set_.erase(layer); }
  bool canRunOnDLA(const nvinfer1::ILayer*) const override { return false; }
  void setDefaultDeviceType(DeviceType type) override {
    if (type == DeviceType::kDLA) no_dla();
  }
  DeviceType getDefaultDeviceType() const override { return DeviceType::kGPU; }
  int getMaxDLABatchSize() const override { return 0; }
  void allowGPUFallback(bool) override {}
  int getNbDLACores() const override { return 0; }
  void setDLACore(int core) override {
    if (core > 0) no_dla();
  }
  int getDLACore() const override { return 0; }
  void reset(nvinfer1::INetworkDefinition&) override {}
  void setGpuAllocator(nvinfer1::IGpuAllocator* allocator) override {
    if (allocator) log_.warn("setGpuAllocator: Tenfold allocates by itself");
  }
  void setStrictTypeConstraints(bool mode) override { strict_ = mode; }
  bool getStrictTypeConstraints() const override { return strict_; }
  void setRefittable(bool mode) override {
    if (mode) log_.warn("setRefittable: engines cannot be refitted yet");
  }
  bool getRefittable() const override { return false; }
  void setEngineCapability(nvinfer1::EngineCapability capability) override {
    capability_ = capability;
  }
  nvinfer1::EngineCapability getEngineCapability() const override { return capability_; }

 private:
  void no_dla() const { log_.warn("there is no DLA: the layers run where the others do"); }
  nvinfer1::ICudaEngine* build(NetworkCore& network) const;
  CompileOptions options(const NetworkCore& network, Emitter& emitter) const;
  Plan select(const Graph& graph, const CompileOptions& options, Device& device) const;

  const Log log_;
  int max_batch_ = 1, min_find_ = 1, average_find_ = 1;
  std::size_t workspace_ = 0;
  bool fp16_ = false, int8_ = false, debug_sync_ = false, strict_ = false;
  nvinfer1::EngineCapability capability_ = nvinfer1::EngineCapability::kDEFAULT;
  std::set<const nvinfer1::ILayer*> set_;
};

CompileOptions BuilderImpl::options(const NetworkCore& network, Emitter& emitter) const {
  CompileOptions o;
  Profile profile;
  profile.tune.set("N", max_batch_);
  profile.range["N"] = {1, max_batch_};
  if (!network.single_item) o.profiles = {profile};
  o.fp16 = fp16_;
  o.timing_cache = &timing_cache();
  o.metadata[kMaxBatchKey] = std::to_string(max_batch_);
  o.metadata[kWorkspaceKey] = std::to_string(workspace_);
  for (const TensorImpl* input : network.inputs)
    o.metadata[kDimsKey + input->name()] = str(to_shape(input->dims));
  for (const TensorImpl* output : network.outputs)
    o.metadata[kDimsKey + output->name()] = str(to_shape(emitter.ensure(*output).dims));
  return o;
}

// compile(); where a layer has no kernel, every row's reason is logged first.
Plan BuilderImpl::select(const Graph& graph, const CompileOptions& options, Device& device) const {
  Explanation explanation;
  try {
    return compile(graph, device.target(), options, &device, &explanation);
  } catch (const Error& e) {
    if (e.code() == Code::kUnsupported) {
      for (const Explanation::Line& line : explanation.lines)
        if (!line.reason.empty() && e.full().find("'" + line.nodes + "'") != std::string::npos)
          log_.error(line.nodes + ": " + line.row + ": " + line.reason);
      for (const std::string& remark : explanation.remarks) log_.error(remark);
    }
    throw;
  }
}

nvinfer1::ICudaEngine* BuilderImpl::build(NetworkCore& network) const {
  const auto start = std::chrono::steady_clock::now();
  if (max_batch_ < 1)
    throw Error(Code::kInvalid, "the maximum batch size is " + std::to_string(max_batch_));
  if (max_batch_ > 1 && network.single_item)
    throw Error(Code::kUnsupported, "the model's batch is fixed at 1, the maximum batch size is " +
                                        std::to_string(max_batch_));
  if (fp16_ && !platform::has_fast_fp16()) {
    static std::atomic<bool> told{false};
    if (!told.exchange(true))
      log_.warn("FP16 is not faster here (platformHasFastFp16): the engine computes in FP32");
  }
  if (network.outputs.empty())
    throw Error(Code::kInvalid, "the network has no output", {"mark one with markOutput"});
  Emitter emitter(network, max_batch_, false);
  const std::vector<TensorImpl*> outputs = network.outputs;
  for (const TensorImpl* output : outputs) emitter.ensure(*output);
  const CompileOptions o = options(network, emitter);
  const Graph graph = emitter.finish(outputs);

  std::optional<PluginScope> scope;
  if (std::any_of(network.layers.begin(), network.layers.end(),
                  [](const auto& layer) { return plugin_of(*layer) != nullptr; }))
    scope.emplace([&](const PluginKey& key, const void*, size_t) {
      return plugin_of(*network.layers.at(static_cast<size_t>(key.number)));
    });
  const std::shared_ptr<Device> device = platform::device();
  Plan plan = select(graph, o, *device);
  auto engine = std::make_shared<EngineImpl>(log_, std::move(plan), device, true);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
  log_.info("built " + std::to_string(network.layers.size()) + " layers into " +
            std::to_string(engine->getNbLayers()) + " steps for " + device->target().name + " in " +
            std::to_string(took.count()) + " s");
  return EngineImpl::hand_out(std::move(engine));
}

}  // namespace
}  // namespace tenfold::trt

extern "C" void* createInferBuilder_INTERNAL(void* logger, int) {
  using namespace tenfold::trt;
  return create<nvinfer1::IBuilder, BuilderImpl>("createInferBuilder", logger);
}
