// Import: a model file or package becomes a Graph, with every problem found reported at once.
#pragma once

#include "tenfold/graph.h"
#include "tenfold/plan.h"

namespace tenfold {

// Hooks for layers that Tenfold does not know (plugin factories of clients).
class LayerHooks {
 public:
  virtual ~LayerHooks() = default;
  // Whether the hook claims a layer, by name or type; asked before the built-in importers.
  virtual bool claims(const std::string& name, const std::string& type) = 0;
  // Adds nodes for the layer to `builder` and returns its outputs. `weights` are the layer's
  // trained blobs, borrowed: valid while the ImportedModel lives.
  virtual std::vector<ValueId> import(GraphBuilder& builder, const std::string& name,
                                      const std::string& type, const std::vector<ValueId>& inputs,
                                      const std::vector<Tensor>& weights, int outputs) = 0;
};

struct ImportOptions {
  bool raw_input = false;              // leave preprocessing out of the graph
  std::string mean = "auto";           // auto, none, image, pixel, or "104,117,123"
  std::string mean_file;               // .binaryproto or .npy
  double scale = 0;                    // 0: as the package says
  std::string channel_order;           // "", "rgb", "bgr"
  std::string labels_file;
  std::string snapshot;                // of a DIGITS package; empty: the newest
  bool random_weights = false;         // a model without weights gets seeded random ones
  // Batch normalization by the trained mean and variance where a network asks for the batch's own.
  bool trained_statistics = false;
  std::vector<std::string> outputs;  // empty: the model's own
  LayerHooks* hooks = nullptr;
  std::map<std::string, Extents> shapes;  // of inputs by name, instead of what the file states
  int64_t batch_max = 64;  // default maximum of the batch symbol N
};

struct ImportedModel {
  Graph graph;
  std::string format;  // "caffe", "digits"
  std::vector<std::string> labels;
  Preprocess preprocess;
  Diagnostics diagnostics;  // warnings and notes; errors when `failed`
  bool failed = false;
  bool misnamed = false;  // nothing is wrong but which files were named together
  // Names by which the model's values can be found (Caffe: every top, last producer) -> value.
  std::map<std::string, ValueId> values;
  std::vector<Tensor> borrowed;  // keeps alive the weights that hooks were shown
};

// Imports a package (.tar.gz, .zip, folder: found by content) or the files of a model (prototxt and
// caffemodel, either order). Collects every problem: on errors `failed` is set and diagnostics list
// them; a missing or unreadable file is among them, not an exception.
ImportedModel import_model(const std::vector<std::string>& paths,
                           const ImportOptions& options = {});
// The same from memory; `files` are (name, bytes).
ImportedModel import_model_memory(const std::vector<std::pair<std::string, std::string>>& files,
                                  const ImportOptions& options = {});
// Adds a Caffe model to a builder that already exists: values of its tops by name. Data layers
// become graph inputs named by their top. Throws Error holding all problems.
std::map<std::string, ValueId> import_caffe_into(GraphBuilder& builder, const std::string& prototxt,
                                                 const std::string& caffemodel_bytes,
                                                 const ImportOptions& options,
                                                 Diagnostics& diagnostics);
// A Caffe mean file (BlobProto): f32[C,H,W] (or [N,C,H,W] when num > 1). Error{kInvalid, kIo}.
Tensor read_mean_file(const std::string& path);
// Layer types the Caffe importer knows, for suggestions and docs.
std::vector<std::string> caffe_layer_types();

}  // namespace tenfold
