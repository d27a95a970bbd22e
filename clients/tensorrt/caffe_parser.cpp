// ICaffeParser: Tenfold's importer, its Graph turned into layers.
#include <cstdlib>
#include <deque>
#include <functional>
#include <list>
#include <mutex>

#include "NvCaffeParser.h"
#include "graph_layers.h"
#include "layers.h"
#include "start.h"
#include "tenfold/import.h"
#include "tenfold/io.h"

namespace tenfold::trt {
namespace {

class BlobNames final : public nvcaffeparser1::IBlobNameToTensor {
 public:
  ITensor* find(const char* name) const override {
    const auto found = tensors.find(text(name));
    return found == tensors.end() ? nullptr : found->second;
  }
  std::map<std::string, TensorImpl*> tensors;
};

class ProtoBlob final : public nvcaffeparser1::IBinaryProtoBlob, public Owned<ProtoBlob> {
 public:
  explicit ProtoBlob(Tensor values) : values_(std::move(values)) {
    Extents dims = values_.dims();
    while (dims.size() < 4) dims.insert(dims.begin(), 1);
    const Dims d = to_dims(dims);
    dims_ = nvinfer1::DimsNCHW(d.d[0], d.d[1], d.d[2], d.d[3]);
  }
  const void* getData() override { return values_.data(); }
  nvinfer1::DimsNCHW getDimensions() override { return dims_; }
  DataType getDataType() override { return DataType::kFLOAT; }
  void destroy() override { give_back(); }

 private:
  Tensor values_;
  nvinfer1::DimsNCHW dims_;
};

// Programs read a mean's numbers after they have destroyed it, which TensorRT did not punish: the
// last mean's stay.
void keep_readable(const Tensor& mean) {
  static std::mutex mutex;
  static Tensor* const kLast = new Tensor;
  const std::lock_guard<std::mutex> lock(mutex);
  *kLast = mean;
}

// The program's plugin factories as hooks of the importer.
class FactoryHooks final : public LayerHooks {
 public:
  nvcaffeparser1::IPluginFactory* factory = nullptr;
  nvcaffeparser1::IPluginFactoryExt* factory_ext = nullptr;
  nvcaffeparser1::IPluginFactoryV2* factory_v2 = nullptr;
  std::string plugin_namespace;
  std::map<std::string, std::shared_ptr<Plugin>> plugins;  // of the model being parsed
  std::deque<std::vector<Weights>> lent;
  std::vector<Tensor> kept;  // their bytes: they live as long as the parser

  bool claims(const std::string& name, const std::string&) override {
    return (factory && factory->isPlugin(name.c_str())) ||
           (factory_ext && factory_ext->isPluginExt(name.c_str())) ||
           (factory_v2 && factory_v2->isPluginV2(name.c_str()));
  }

  std::vector<ValueId> import(GraphBuilder& builder, const std::string& name, const std::string&,
                              const std::vector<ValueId>& inputs, const std::vector<Tensor>& blobs,
                              int outputs) override {
    std::vector<Weights> list;
    for (const Tensor& blob : blobs) {
      kept.push_back(blob.cast(DType::kF32));
      list.push_back({DataType::kFLOAT, kept.back().data(), kept.back().count()});
    }
    lent.push_back(std::move(list));
    const std::shared_ptr<Plugin> plugin = create(name, lent.back());
    std::vector<Dims> in_dims;
    for (const ValueId v : inputs) {
      Extents dims;
      const Shape& shape = builder.type(v).shape;
      for (size_t k = 1; k < shape.size(); ++k) dims.push_back(shape[k].value());
      if (dims.size() == 1) dims.insert(dims.end(), {1, 1});
      in_dims.push_back(to_dims(dims));
    }
    const std::vector<Dims> out_dims = plugin->output_dims(in_dims);
    if (static_cast<int>(out_dims.size()) < outputs)
      throw Error(Code::kInvalid, "the plugin has fewer outputs than the layer has tops");
    std::vector<int64_t> ranks, dims;
    for (const Dims& d : out_dims) {
      const Extents extents = to_extents(d);
      ranks.push_back(static_cast<int64_t>(extents.size()));
      dims.insert(dims.end(), extents.begin(), extents.end());
    }
    plugins[name] = plugin;
    const Attrs attrs = {{"layer", name},
                         {"number", int64_t{-1}},
                         {"inputs", static_cast<int64_t>(inputs.size())},
                         {"max_batch", int64_t{1}},
                         {"ranks", ranks},
                         {"dims", dims}};
    return builder.nodes("TensorRTPlugin", inputs, static_cast<int>(out_dims.size()), attrs, name,
                         {name});
  }

 private:
  std::shared_ptr<Plugin> create(const std::string& name, const std::vector<Weights>& list) const {
    const int count = static_cast<int>(list.size());
    const Weights* weights = list.empty() ? nullptr : list.data();  // programs assert that
    if (factory_v2 && factory_v2->isPluginV2(name.c_str())) {
      nvinfer1::IPluginV2* made =
          factory_v2->createPlugin(name.c_str(), weights, count, plugin_namespace.c_str());
      if (made) return Plugin::of(*made);
    } else {
      const bool ext = factory_ext && factory_ext->isPluginExt(name.c_str());
      nvcaffeparser1::IPluginFactory* from = ext ? factory_ext : factory;
      nvinfer1::IPlugin* made = from->createPlugin(name.c_str(), weights, count);
      if (made) return Plugin::of(*made);
    }
    throw Error(Code::kInvalid, "the plugin factory claims the layer and made no plugin");
  }
};

class CaffeParser final : public nvcaffeparser1::ICaffeParser, public Owned<CaffeParser> {
 public:
  const nvcaffeparser1::IBlobNameToTensor* parse(const char* deploy, const char* model,
                                                 nvinfer1::INetworkDefinition& network,
                                                 DataType type) override;
  const nvcaffeparser1::IBlobNameToTensor* parseBuffers(const char* deploy,
                                                        std::size_t deploy_bytes, const char* model,
                                                        std::size_t model_bytes,
                                                        nvinfer1::INetworkDefinition& network,
                                                        DataType type) override;
  nvcaffeparser1::IBinaryProtoBlob* parseBinaryProto(const char* file) override;
  void setProtobufBufferSize(std::size_t) override {}
  void setPluginFactory(nvcaffeparser1::IPluginFactory* f) override { hooks_.factory = f; }
  void setPluginFactoryExt(nvcaffeparser1::IPluginFactoryExt* f) override {
    hooks_.factory_ext = f;
  }
  void setPluginFactoryV2(nvcaffeparser1::IPluginFactoryV2* f) override { hooks_.factory_v2 = f; }
  void setPluginNamespace(const char* n) override { hooks_.plugin_namespace = text(n); }
  void destroy() override { give_back(); }

 private:
  using Files = std::vector<std::pair<std::string, std::string>>;
  const nvcaffeparser1::IBlobNameToTensor* import_into(nvinfer1::INetworkDefinition& network,
                                                       DataType type, const char* what,
                                                       const std::function<Files()>& list);
  const nvcaffeparser1::IBlobNameToTensor* import(const Files& files, NetworkCore& network,
                                                  DataType type);
  void warn_of_clipping(const Graph& graph, const Log& log) const;

  FactoryHooks hooks_;
  std::list<BlobNames> results_;  // lent out until destroy()
};

bool random_weights() {
  const char* wish = std::getenv("TENFOLD_RANDOM_WEIGHTS");
  return wish && *wish && std::string(wish) != "0";
}

// The importer's remarks with advice that a program can follow: it has no command line of
// Tenfold's, and it can bring what a layer does itself.
Diagnostics advised(const Diagnostics& found) {
  Diagnostics out;
  for (Diagnostic d : found.all()) {
    if (d.hint.find("--") != std::string::npos)
      d.hint = "give the deploy prototxt, whose inputs state their shapes";
    else if (d.code == Code::kUnsupported && d.reason.rfind("unknown layer type", 0) == 0)
      d.hint += std::string(d.hint.empty() ? "" : "; ") +
                "a factory given to ICaffeParser::setPluginFactory() that claims '" + d.layer +
                "' can make it";
    out.add(std::move(d));
  }
  return out;
}

const nvcaffeparser1::IBlobNameToTensor* CaffeParser::import(const Files& files,
                                                             NetworkCore& network, DataType type) {
  ImportOptions options;
  options.raw_input = true;
  options.random_weights = random_weights();
  options.trained_statistics = true;
  if (hooks_.factory || hooks_.factory_ext || hooks_.factory_v2) options.hooks = &hooks_;
  hooks_.plugins.clear();
  const ImportedModel model = import_model_memory(files, options);
  network.log.all(advised(model.diagnostics));
  if (model.failed) return nullptr;
  if (type == DataType::kHALF) warn_of_clipping(model.graph, network.log);
  const std::map<ValueId, TensorImpl*> tensors = add_graph(network, model.graph, hooks_.plugins);
  results_.emplace_back();
  for (const auto& [name, value] : model.values) {
    const auto found = tensors.find(value);
    if (found != tensors.end()) results_.back().tensors[name] = found->second;
  }
  return &results_.back();
}

// Weights stay in float; whoever lets FP16 in should know which ones it cannot hold.
void CaffeParser::warn_of_clipping(const Graph& graph, const Log& log) const {
  for (const NodeId id : graph.order())
    for (const ValueId v : graph.node(id).inputs) {
      const Constant* c = v.valid() ? graph.constant_of(v) : nullptr;
      if (!c || c->source.dtype() != DType::kF32) continue;
      int64_t beyond = 0;
      for (const float w : c->source.as<float>()) beyond += w > 65504 || w < -65504;
      if (beyond > 0)
        log.warn("layer '" + graph.node(id).name + "': " + std::to_string(beyond) +
                 " weights are beyond the range of kHALF");
    }
}

// The import of the files that `list` gives, into the program's network.
const nvcaffeparser1::IBlobNameToTensor* CaffeParser::import_into(
    nvinfer1::INetworkDefinition& network, DataType type, const char* what,
    const std::function<Files()>& list) {
  auto* into = static_cast<NetworkImpl*>(given(network));
  return guarded(into ? into->core.log : last_log(), what,
                 static_cast<const nvcaffeparser1::IBlobNameToTensor*>(nullptr),
                 [&]() -> const nvcaffeparser1::IBlobNameToTensor* {
                   if (!into) throw Error(Code::kInvalid, "the network is null");
                   return import(list(), into->core, type);
                 });
}

void check_random_weights(const char* missing) {
  if (!random_weights())
    throw Error(Code::kNotFound, missing,
                {"set TENFOLD_RANDOM_WEIGHTS=1 to build with random weights"});
}

const nvcaffeparser1::IBlobNameToTensor* CaffeParser::parse(const char* deploy, const char* model,
                                                            nvinfer1::INetworkDefinition& network,
                                                            DataType type) {
  return import_into(network, type, "ICaffeParser::parse", [&] {
    if (text(deploy).empty()) throw Error(Code::kInvalid, "no deploy file is named");
    Files files = {{deploy, read_file(deploy)}};
    if (!text(model).empty())
      files.emplace_back(model, read_file(model));
    else
      check_random_weights("no model file is named");
    return files;
  });
}

const nvcaffeparser1::IBlobNameToTensor* CaffeParser::parseBuffers(
    const char* deploy, std::size_t deploy_bytes, const char* model, std::size_t model_bytes,
    nvinfer1::INetworkDefinition& network, DataType type) {
  return import_into(network, type, "ICaffeParser::parseBuffers", [&] {
    if (!deploy) throw Error(Code::kInvalid, "no deploy buffer is given");
    Files files = {{"deploy.prototxt", std::string(deploy, deploy_bytes)}};
    if (model && model_bytes > 0)
      files.emplace_back("model.caffemodel", std::string(model, model_bytes));
    else
      check_random_weights("no model buffer is given");
    return files;
  });
}

nvcaffeparser1::IBinaryProtoBlob* CaffeParser::parseBinaryProto(const char* file) {
  const Log log = last_log();
  return guarded(log, "ICaffeParser::parseBinaryProto",
                 static_cast<nvcaffeparser1::IBinaryProtoBlob*>(nullptr),
                 [&]() -> nvcaffeparser1::IBinaryProtoBlob* {
                   Tensor mean = read_mean_file(text(file)).cast(DType::kF32);
                   keep_readable(mean);
                   return ProtoBlob::hand_out(std::make_shared<ProtoBlob>(std::move(mean)));
                 });
}

}  // namespace
}  // namespace tenfold::trt

namespace nvcaffeparser1 {

ICaffeParser* createCaffeParser() {
  using namespace tenfold::trt;
  return guarded(last_log(), "createCaffeParser", static_cast<ICaffeParser*>(nullptr),
                 []() -> ICaffeParser* {
                   register_plugin_row();
                   return CaffeParser::hand_out(std::make_shared<CaffeParser>());
                 });
}

// Nothing of protobuf's is kept between calls.
void shutdownProtobufLibrary() {}

}  // namespace nvcaffeparser1

extern "C" void* createNvCaffeParser_INTERNAL() { return nvcaffeparser1::createCaffeParser(); }
