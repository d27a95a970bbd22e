// IRuntime: engines from bytes.
#include <map>
#include <optional>

#include "engine.h"
#include "platform.h"
#include "plugin.h"
#include "start.h"

namespace tenfold::trt {
namespace {

std::shared_ptr<Plugin> make_plugin(const PluginKey& key, const void* data, size_t bytes,
                                    nvinfer1::IPluginFactory* factory) {
  if (!key.type.empty()) return Plugin::created(key, data, bytes);
  nvinfer1::IPlugin* plugin =
      factory ? factory->createPlugin(key.layer.c_str(), data, bytes) : nullptr;
  if (plugin) return Plugin::of(*plugin);
  throw Error(Code::kNotFound,
              "layer '" + key.layer + "' is a plugin, and " +
                  (factory ? "the plugin factory made none" : "no plugin factory is given"));
}

bool has_plugins(const Plan& plan) {
  for (const Section& section : plan.sections)
    for (const Program& program : section.programs)
      for (const Step& step : program.steps)
        if (step.row == kPluginRow) return true;
  return false;
}

class RuntimeImpl final : public nvinfer1::IRuntime, public Owned<RuntimeImpl> {
 public:
  explicit RuntimeImpl(Log log) : log_(log) {}

  nvinfer1::ICudaEngine* deserializeCudaEngine(const void* blob, std::size_t size,
                                               nvinfer1::IPluginFactory* factory) override {
    return guarded(log_, "deserializeCudaEngine", static_cast<nvinfer1::ICudaEngine*>(nullptr),
                   [&]() -> nvinfer1::ICudaEngine* { return load(blob, size, factory); });
  }
  void destroy() override { give_back(); }
  void setDLACore(int core) override {
    if (core > 0) log_.warn("setDLACore: there are no DLA cores");
  }
  int getDLACore() const override { return 0; }
  int getNbDLACores() const override { return 0; }
  void setGpuAllocator(nvinfer1::IGpuAllocator* allocator) override {
    if (allocator) log_.warn("setGpuAllocator: Tenfold allocates by itself");
  }

 private:
  // Programs keep engines in files, and such a file may be another library's.
  static Plan read_plan(std::span<const std::byte> bytes, const LoadOptions& options) {
    if (!Plan::sniff(bytes))
      throw Error(Code::kInvalid, "these bytes are not an engine that Tenfold wrote",
                  {"engines of NVIDIA's TensorRT cannot be read: build the engine anew, and remove "
                   "files in which the program keeps it"});
    return Plan::deserialize(bytes, options);
  }

  nvinfer1::ICudaEngine* load(const void* blob, std::size_t size,
                              nvinfer1::IPluginFactory* factory) const {
    if (!blob || size == 0) throw Error(Code::kInvalid, "no bytes are given");

    const auto* bytes = static_cast<const std::byte*>(blob);
    LoadOptions options;
    options.verify_all = true;
    Plan plan = read_plan({bytes, size}, options);
    // A layer has one plugin, however many of the plan's programs run it.
    std::map<int64_t, std::shared_ptr<Plugin>> made;
    std::optional<PluginScope> scope;
    if (has_plugins(plan))
      scope.emplace([&](const PluginKey& key, const void* data, size_t count) {
        std::shared_ptr<Plugin>& plugin = made[key.number];
        if (!plugin) plugin = make_plugin(key, data, count, factory);
        return plugin;
      });
    return EngineImpl::hand_out(
        std::make_shared<EngineImpl>(log_, std::move(plan), platform::device(), false));
  }

  const Log log_;
};

}  // namespace
}  // namespace tenfold::trt

extern "C" void* createInferRuntime_INTERNAL(void* logger, int) {
  using namespace tenfold::trt;
  return create<nvinfer1::IRuntime, RuntimeImpl>("createInferRuntime", logger);
}

extern "C" void* createInferRefitter_INTERNAL(void*, void* logger, int) {
  tenfold::trt::use_logger(logger).error(
      "createInferRefitter: engines cannot be refitted yet: build one with the new weights");
  return nullptr;
}
