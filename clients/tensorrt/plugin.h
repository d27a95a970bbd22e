// Layers that a program implements: a row registered at run time runs them.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "NvInfer.h"
#include "tenfold/tensor.h"

namespace tenfold::trt {

class Emitter;
class LayerCore;

// What a plan knows of a plugin: its layer, also by number, since names may repeat. The type is
// empty for IPlugin and IPluginExt, which a factory makes by the layer's name.
struct PluginKey {
  std::string layer;
  int64_t number = -1;
  std::string type, version, name_space;
  static PluginKey from(const Attrs& attrs);
};

// One plugin of either interface, configured once, initialized while anybody runs it. IPlugin and
// IPluginExt are the program's; an IPluginV2 is taken over.
class Plugin {
 public:
  explicit Plugin(nvinfer1::IPlugin& plugin) : v1_(&plugin) {}
  explicit Plugin(nvinfer1::IPluginExt& plugin) : v1_(&plugin), ext_(&plugin) {}
  explicit Plugin(nvinfer1::IPluginV2* plugin) : v2_(plugin) {}
  ~Plugin();
  Plugin(const Plugin&) = delete;
  // Of an IPluginV2 a clone, which leaves the program its own. Error{kInvalid} if there is none.
  static std::shared_ptr<Plugin> of(nvinfer1::IPlugin& plugin);
  static std::shared_ptr<Plugin> of(nvinfer1::IPluginExt& plugin);
  static std::shared_ptr<Plugin> of(nvinfer1::IPluginV2& plugin);
  // Made anew by the registered creator. Error{kNotFound, kInvalid}.
  static std::shared_ptr<Plugin> created(const PluginKey& key, const void* data, size_t bytes);

  nvinfer1::IPlugin* v1() const { return v1_; }
  nvinfer1::IPluginV2* v2() const { return v2_; }
  void put_key(Attrs& attrs) const;  // type, version and namespace, if there are any
  int output_count() const;
  std::vector<nvinfer1::Dims> output_dims(const std::vector<nvinfer1::Dims>& inputs);
  // Error{kUnsupported} if the plugin refuses dense float data.
  void configure(const std::vector<nvinfer1::Dims>& inputs,
                 const std::vector<nvinfer1::Dims>& outputs, int max_batch);
  Tensor serialized() const;           // u8; undefined when empty
  size_t workspace(int max_batch) const;
  void start();                        // initialize() for the first; Error{kDevice} if it fails
  void stop();                         // terminate() for the last
  int enqueue(int batch, const void* const* inputs, void** outputs, void* workspace,
              cudaStream_t stream);
  // Says that enqueue() returned `status`, which is the answer: it ends a network's run. While
  // kernels are timed, on values of no meaning, it ends nothing and is told once.
  int failed(const char* layer, int status) noexcept;

 private:
  nvinfer1::IPlugin* v1_ = nullptr;
  nvinfer1::IPluginExt* ext_ = nullptr;
  nvinfer1::IPluginV2* v2_ = nullptr;
  std::mutex mutex_;
  int users_ = 0;
  std::atomic<bool> failed_before_{false};
};

// While one lives, the calling thread runs a network for the program.
class NetworkRun {
 public:
  NetworkRun() noexcept { ++depth_; }
  ~NetworkRun() { --depth_; }
  NetworkRun(const NetworkRun&) = delete;
  NetworkRun& operator=(const NetworkRun&) = delete;
  static bool here() noexcept { return depth_ > 0; }

 private:
  static thread_local int depth_;
};

void emit_plugin(Emitter& emitter, LayerCore& layer, const std::shared_ptr<Plugin>& plugin);

// While one lives, plans that are prepared find their plugins through it, by key and serialized
// bytes. A scope waits for those of other threads to end.
class PluginScope {
 public:
  using Find =
      std::function<std::shared_ptr<Plugin>(const PluginKey& key, const void* data, size_t bytes)>;
  explicit PluginScope(Find find);
  ~PluginScope();
  PluginScope(const PluginScope&) = delete;

 private:
  const std::unique_lock<std::recursive_mutex> alone_;
  const Find find_;
  PluginScope* outer_ = nullptr;
  friend std::shared_ptr<Plugin> find_plugin(const PluginKey&, const void*, size_t);
};
// Of the newest scope; Error{kNotFound} without one, or if it knows no such plugin.
std::shared_ptr<Plugin> find_plugin(const PluginKey& key, const void* data, size_t bytes);

inline constexpr char kPluginRow[] = "tensorrt.plugin";

// Registers the op and the row; once, however often it is called.
void register_plugin_row();

}  // namespace tenfold::trt
