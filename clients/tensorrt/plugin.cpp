#include "plugin.h"

#include <algorithm>

#include "layer.h"

namespace tenfold::trt {

using nvinfer1::PluginFormat;

Plugin::~Plugin() {
  if (v2_) v2_->destroy();
}

std::shared_ptr<Plugin> Plugin::of(nvinfer1::IPlugin& plugin) {
  if (auto* ext = dynamic_cast<nvinfer1::IPluginExt*>(&plugin)) return of(*ext);
  return std::make_shared<Plugin>(plugin);
}
std::shared_ptr<Plugin> Plugin::of(nvinfer1::IPluginExt& plugin) {
  return std::make_shared<Plugin>(plugin);
}
std::shared_ptr<Plugin> Plugin::of(nvinfer1::IPluginV2& plugin) {
  nvinfer1::IPluginV2* clone = plugin.clone();
  if (!clone) throw Error(Code::kInvalid, "the plugin's clone() returned null");
  return std::make_shared<Plugin>(clone);
}

std::shared_ptr<Plugin> Plugin::created(const PluginKey& key, const void* data, size_t bytes) {
  nvinfer1::IPluginCreator* creator = getPluginRegistry()->getPluginCreator(
      key.type.c_str(), key.version.c_str(), key.name_space.c_str());
  const std::string what = "plugin '" + key.type + "', version '" + key.version + "', namespace '" +
                           key.name_space + "', of layer '" + key.layer + "'";
  if (!creator)
    throw Error(Code::kNotFound, what + ": no creator is registered",
                {"REGISTER_TENSORRT_PLUGIN registers one when the program starts"});
  nvinfer1::IPluginV2* made = creator->deserializePlugin(key.layer.c_str(), data, bytes);
  if (!made)
    throw Error(Code::kInvalid, what + ": the creator's deserializePlugin() returned null");
  return std::make_shared<Plugin>(made);
}

PluginKey PluginKey::from(const Attrs& attrs) {
  return {attrs.s("layer", ""), attrs.i("number", -1), attrs.s("plugin_type", ""),
          attrs.s("plugin_version", ""), attrs.s("plugin_namespace", "")};
}

void Plugin::put_key(Attrs& attrs) const {
  if (!v2_) return;
  attrs.set("plugin_type", text(v2_->getPluginType()));
  attrs.set("plugin_version", text(v2_->getPluginVersion()));
  attrs.set("plugin_namespace", text(v2_->getPluginNamespace()));
}

int Plugin::output_count() const { return v1_ ? v1_->getNbOutputs() : v2_->getNbOutputs(); }

std::vector<Dims> Plugin::output_dims(const std::vector<Dims>& inputs) {
  std::vector<Dims> outputs;
  const int count = static_cast<int>(inputs.size());
  for (int k = 0; k < output_count(); ++k)
    outputs.push_back(v1_ ? v1_->getOutputDimensions(k, inputs.data(), count)
                          : v2_->getOutputDimensions(k, inputs.data(), count));
  return outputs;
}

namespace {

// The plugin may want other types than those it gets: there are no others.
void configure(nvinfer1::IPluginV2Ext& plugin, const std::vector<Dims>& inputs,
               const std::vector<Dims>& outputs, int max_batch) {
  const int ins = static_cast<int>(inputs.size()), outs = static_cast<int>(outputs.size());
  const std::vector<DataType> in(inputs.size(), DataType::kFLOAT);
  const std::vector<DataType> out(outputs.size(), DataType::kFLOAT);
  const auto same = std::make_unique<bool[]>(std::max(inputs.size(), outputs.size()));  // none
  for (int k = 0; k < outs; ++k) {
    const std::string what = "the plugin's output " + std::to_string(k);
    if (plugin.getOutputDataType(k, in.data(), ins) != DataType::kFLOAT)
      throw Error(Code::kUnsupported, what + " is not kFLOAT");
    if (plugin.isOutputBroadcastAcrossBatch(k, same.get(), ins))
      throw Error(Code::kUnsupported, what + " is the same for all items of a batch");
  }
  plugin.configurePlugin(inputs.data(), ins, outputs.data(), outs, in.data(), out.data(),
                         same.get(), same.get(), PluginFormat::kNCHW, max_batch);
}

}  // namespace

void Plugin::configure(const std::vector<Dims>& inputs, const std::vector<Dims>& outputs,
                       int max_batch) {
  const int ins = static_cast<int>(inputs.size()), outs = static_cast<int>(outputs.size());
  const bool takes = ext_  ? ext_->supportsFormat(DataType::kFLOAT, PluginFormat::kNCHW)
                     : v2_ ? v2_->supportsFormat(DataType::kFLOAT, PluginFormat::kNCHW)
                           : true;
  if (!takes) throw Error(Code::kUnsupported, "the plugin refuses kFLOAT data in kNCHW");
  if (ext_) {
    ext_->configureWithFormat(inputs.data(), ins, outputs.data(), outs, DataType::kFLOAT,
                              PluginFormat::kNCHW, max_batch);
  } else if (auto* v2_ext = dynamic_cast<nvinfer1::IPluginV2Ext*>(v2_)) {
    trt::configure(*v2_ext, inputs, outputs, max_batch);
  } else if (v2_) {
    v2_->configureWithFormat(inputs.data(), ins, outputs.data(), outs, DataType::kFLOAT,
                             PluginFormat::kNCHW, max_batch);
  } else {
    v1_->configure(inputs.data(), ins, outputs.data(), outs, max_batch);
  }
}

Tensor Plugin::serialized() const {
  const size_t bytes = v1_ ? v1_->getSerializationSize() : v2_->getSerializationSize();
  if (bytes == 0) return {};
  Tensor data = Tensor::zeros(DType::kU8, {static_cast<int64_t>(bytes)});
  if (v1_)
    v1_->serialize(data.mutable_data());
  else
    v2_->serialize(data.mutable_data());
  return data;
}

size_t Plugin::workspace(int max_batch) const {
  return v1_ ? v1_->getWorkspaceSize(max_batch) : v2_->getWorkspaceSize(max_batch);
}

void Plugin::start() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (users_ == 0) {
    const int status = v1_ ? v1_->initialize() : v2_->initialize();
    if (status != 0)
      throw Error(Code::kDevice, "the plugin's initialize() returned " + std::to_string(status));
    if (auto* ext = dynamic_cast<nvinfer1::IPluginV2Ext*>(v2_))
      ext->attachToContext(nullptr, nullptr, nullptr);
  }
  ++users_;
}

void Plugin::stop() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (--users_ > 0) return;
  if (auto* ext = dynamic_cast<nvinfer1::IPluginV2Ext*>(v2_)) ext->detachFromContext();
  if (v1_)
    v1_->terminate();
  else
    v2_->terminate();
}

int Plugin::enqueue(int batch, const void* const* inputs, void** outputs, void* workspace,
                    cudaStream_t stream) {
  return v1_ ? v1_->enqueue(batch, inputs, outputs, workspace, stream)
             : v2_->enqueue(batch, inputs, outputs, workspace, stream);
}

int Plugin::failed(const char* layer, int status) noexcept {
  const bool running = NetworkRun::here();
  if (!running && failed_before_.exchange(true)) return 0;
  const std::string said =
      "layer '" + text(layer) + "': the plugin's enqueue() returned " + std::to_string(status);
  if (running)
    last_log().error(said);
  else
    last_log().warn(said + " while kernels were timed");
  return running ? status : 0;
}

thread_local int NetworkRun::depth_ = 0;

void emit_plugin(Emitter& e, LayerCore& layer, const std::shared_ptr<Plugin>& plugin) {
  std::vector<ValueId> values;
  std::vector<Dims> in_dims;
  for (size_t k = 0; k < layer.inputs.size(); ++k) {
    const Emitted& in = e.input(layer, k);
    if (!in.batched) throw Error(Code::kUnsupported, "a constant as input of a plugin");
    values.push_back(e.full(in));
    in_dims.push_back(to_dims(in.dims));
  }
  if (values.empty()) throw Error(Code::kUnsupported, "a plugin without inputs");
  const std::vector<Dims> out_dims = plugin->output_dims(in_dims);
  std::vector<int64_t> ranks, dims;
  for (const Dims& d : out_dims) {
    const Extents extents = to_extents(d);
    ranks.push_back(static_cast<int64_t>(extents.size()));
    dims.insert(dims.end(), extents.begin(), extents.end());
  }
  Attrs attrs = {{"layer", layer.name},
                 {"number", layer.network.number_of(layer)},
                 {"inputs", static_cast<int64_t>(values.size())},
                 {"max_batch", e.max_batch()},
                 {"ranks", ranks},
                 {"dims", dims}};
  plugin->put_key(attrs);
  if (!e.dry()) {
    plugin->configure(in_dims, out_dims, static_cast<int>(e.max_batch()));
    const Tensor data = plugin->serialized();
    if (data.defined()) values.push_back(e.constant(layer, "plugin", data));
  }
  const std::vector<ValueId> made = e.builder().nodes(
      "TensorRTPlugin", std::move(values), static_cast<int>(out_dims.size()), attrs, layer.name,
      layer.sources.empty() ? std::vector<std::string>{layer.name} : layer.sources);
  for (size_t k = 0; k < made.size(); ++k) e.output(layer, k, made[k]);
}

namespace {

// Held by the scopes that live: those of one thread.
std::recursive_mutex& scope_mutex() {
  static auto* const kMutex = new std::recursive_mutex;
  return *kMutex;
}
// Compiling and loading prepare steps on threads of their own: they meet the newest scope.
struct Newest {
  std::recursive_mutex mutex;  // held while a scope is asked: factories see one call at a time
  PluginScope* scope = nullptr;
};
Newest& newest() {
  static Newest* const kNewest = new Newest;
  return *kNewest;
}

}  // namespace

PluginScope::PluginScope(Find find) : alone_(scope_mutex()), find_(std::move(find)) {
  std::lock_guard<std::recursive_mutex> lock(newest().mutex);
  outer_ = newest().scope;
  newest().scope = this;
}
PluginScope::~PluginScope() {
  std::lock_guard<std::recursive_mutex> lock(newest().mutex);
  newest().scope = outer_;
}

std::shared_ptr<Plugin> find_plugin(const PluginKey& key, const void* data, size_t bytes) {
  std::lock_guard<std::recursive_mutex> lock(newest().mutex);
  PluginScope* scope = newest().scope;
  if (!scope)
    throw Error(Code::kNotFound,
                "layer '" + key.layer + "' is a plugin and nobody makes plugins here",
                {"deserialize the engine through IRuntime, with a plugin factory"});
  std::shared_ptr<Plugin> plugin = scope->find_(key, data, bytes);
  if (!plugin) throw Error(Code::kNotFound, "no plugin for layer '" + key.layer + "'");
  return plugin;
}

}  // namespace tenfold::trt
