// Layers that a program implements: a row registered at run time runs them.
#pragma once

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

// One plugin of either interface, configured once, initialized while anybody runs it.
class Plugin {
 public:
  explicit Plugin(nvinfer1::IPlugin& plugin) : v1_(&plugin) {}
  explicit Plugin(nvinfer1::IPluginExt& plugin) : v1_(&plugin), ext_(&plugin) {}
  explicit Plugin(nvinfer1::IPluginV2& plugin) : v2_(&plugin) {}

  nvinfer1::IPlugin* v1() const { return v1_; }
  nvinfer1::IPluginV2* v2() const { return v2_; }
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

 private:
  nvinfer1::IPlugin* v1_ = nullptr;
  nvinfer1::IPluginExt* ext_ = nullptr;
  nvinfer1::IPluginV2* v2_ = nullptr;
  std::mutex mutex_;
  int users_ = 0;
};

void emit_plugin(Emitter& emitter, LayerCore& layer, const std::shared_ptr<Plugin>& plugin);

// While one lives, plans that are prepared find their plugins through it, by layer name and
// serialized bytes.
class PluginScope {
 public:
  using Find = std::function<std::shared_ptr<Plugin>(const std::string& layer, const void* data,
                                                     size_t bytes)>;
  explicit PluginScope(Find find);
  ~PluginScope();
  PluginScope(const PluginScope&) = delete;

 private:
  Find find_;
  PluginScope* outer_;
  friend std::shared_ptr<Plugin> find_plugin(const std::string&, const void*, size_t);
};
// Of the calling thread's innermost scope; Error{kNotFound} without one, or if it knows no such
// plugin.
std::shared_ptr<Plugin> find_plugin(const std::string& layer, const void* data, size_t bytes);

// Registers the op and the row; once, however often it is called.
void register_plugin_row();

}  // namespace tenfold::trt
