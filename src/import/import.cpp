// The entry points: which files make up the model, and what is done with each.
#include "tenfold/import.h"

#include <algorithm>
#include <cctype>
#include <set>

#include <fmt/format.h>

#include "src/import/caffe/mean.h"
#include "src/import/caffe/net.h"
#include "src/import/digits/package.h"
#include "src/import/digits/preprocess.h"
#include "src/import/digits/training.h"
#include "src/import/files.h"
#include "src/io/npy.h"
#include "tenfold/io.h"

namespace tenfold {
namespace {

using digits::Package;

bool is_trained(const ModelFile& file) { return file.base().ends_with(".caffemodel"); }

// Whether a text states layers, as networks do and labels do not: "layer {", "layers: {".
bool states_layers(std::string_view text) {
  for (size_t at = text.find("layer"); at != std::string_view::npos; at = text.find("layer", at)) {
    at += 5;
    size_t next = at + (text.substr(at, 1) == "s");
    while (next < text.size() &&
           (std::isspace(static_cast<unsigned char>(text[next])) != 0 || text[next] == ':'))
      ++next;
    if (text.substr(next, 1) == "{") return true;
  }
  return false;
}

// A .txt is a list of labels, unless it states layers.
bool is_labels(const ModelFile& file) {
  return file.base().ends_with(".txt") && file.is_text() && !states_layers(file.bytes());
}

// Where no text is the network, protobuf's binary form is, which may hold the weights too: the file
// beside a .caffemodel or the only one, of several the .prototxt.
const ModelFile* binary_network(const ModelFiles& files) {
  const ModelFile *found = nullptr, *trained = nullptr;
  int candidates = 0, others = 0;
  for (const ModelFile& file : files.files) {
    if (file.base().ends_with(".binaryproto") || file.base().ends_with(".npy")) continue;
    if (file.is_text()) {
      if (!is_labels(file)) return nullptr;
    } else if (is_trained(file)) {
      trained = &file;
      ++others;
    } else {
      if (!found || file.base().ends_with(".prototxt")) found = &file;
      ++candidates;
    }
  }
  if (candidates > 1 && !found->base().ends_with(".prototxt")) return nullptr;
  if (!found && others == 1)
    return caffe::is_binary_net(trained->bytes(), true) ? trained : nullptr;
  return found && others <= 1 && caffe::is_binary_net(found->bytes()) ? found : nullptr;
}

// The parts among single files, by content: text is the network, binary the weights.
Package parts_of_files(const ModelFiles& files, const ImportOptions& options,
                       Diagnostics& diagnostics, size_t& misnamed) {
  Package parts;
  auto report = [&](const ModelFile& file, Code code, const std::string& reason,
                    const std::string& hint) {
    diagnostics.add({Severity::kError, code, file.shown(), 0, -1, "", reason, hint});
  };
  const ModelFile* const binary = binary_network(files);
  const auto other = [&](const ModelFile& file) {
    const bool beside_text = std::any_of(files.files.begin(), files.files.end(), [](const auto& f) {
      return f.base().ends_with(".prototxt");
    });
    const bool weights = beside_text && file.base().ends_with(".pb");  // under any name
    return &file == binary || weights ? std::string_view() : other_format(file.base());
  };
  for (const ModelFile& file : files.files) {
    const ModelFile** part = &parts.weights;
    if (file.base().ends_with(".binaryproto") || file.base().ends_with(".npy")) {
      part = &parts.mean;
    } else if (const auto format = other(file); !format.empty() && !file.bytes().empty()) {
      report(file, Code::kUnsupported, fmt::format("this is {}, which is not read yet", format),
             kFormatsRead);
      continue;
    } else if (&file == binary) {
      part = &parts.network;
    } else if (file.base().ends_with(".prototxt") || (file.is_text() && !is_trained(file))) {
      part = is_labels(file) ? &parts.labels : &parts.network;
    } else if (file.bytes().empty() && !is_trained(file)) {
      report(file, Code::kInvalid, "the file is empty", "");
      continue;
    }
    if (*part) {
      report(file, Code::kInvalid, fmt::format("the same kind of file as {}", (*part)->shown()),
             "a model is one .prototxt and one .caffemodel");
      ++misnamed;
    }
    *part = &file;
  }
  if (!parts.network && parts.labels) std::swap(parts.network, parts.labels);
  if (!parts.network && !files.files.empty() && diagnostics.error_count() == 0)
    report(files.files[0], Code::kInvalid, "no network was named with it: no .prototxt",
           "a .prototxt and a .caffemodel, a plan, or a package");
  if (!options.snapshot.empty())
    diagnostics.warn("", "the snapshot option is for packages: ignored");
  return parts;
}

// As TensorRT's parser: trained statistics even where the file asks for those of the batch.
void use_trained_statistics(caffe::NetFile& net, Diagnostics& diagnostics) {
  for (int k = 0; k < net.net.layer_size(); ++k) {
    caffe::LayerParameter& layer = *net.net.mutable_layer(k);
    if (layer.type() != "BatchNorm" || !layer.batch_norm_param().has_use_global_stats() ||
        layer.batch_norm_param().use_global_stats())
      continue;
    layer.mutable_batch_norm_param()->set_use_global_stats(true);
    diagnostics.add(caffe::about_layer(
        net, k, Severity::kWarning, Code::kOk,
        "use_global_stats: false is not followed: the trained mean and variance are used, as "
        "TensorRT's parser does"));
  }
}

// A network that is no package brings no preprocessing: what its own data layer states is named.
void note_transform(const caffe::NetFile& net, Diagnostics& diagnostics) {
  for (int k = 0; k < net.net.layer_size(); ++k) {
    const caffe::TransformationParameter& t = net.net.layer(k).transform_param();
    const auto& means = t.mean_value();
    if (means.empty() && !t.has_mean_file() && (!t.has_scale() || t.scale() == 1)) continue;
    std::string flags;
    if (t.has_mean_file())
      flags = "--mean-file FILE";
    else if (!means.empty())
      flags = fmt::format("--mean {}", fmt::join(means, ","));
    if (t.has_scale()) flags += fmt::format("{}--scale {}", flags.empty() ? "" : " ", t.scale());
    diagnostics.add(caffe::about_layer(
        net, k, Severity::kWarning, Code::kOk,
        "its transform_param is not used: only a package's or flags' preprocessing is",
        "the same by flags: " + flags));
  }
}

Tensor load_mean(const std::string& name, const ModelFile* file) {
  Tensor mean;
  if (name.ends_with(".npy")) {
    const auto bytes = [](const std::string& text) { return std::as_bytes(std::span(text)); };
    mean = (file ? parse_npy(bytes(file->bytes()), name) : load_npy(name)).cast(DType::kF32);
  } else {
    mean = file ? caffe::parse_mean(file->bytes(), name) : read_mean_file(name);
  }
  if (mean.dims().size() == 2) mean = mean.reshaped({1, mean.dims()[0], mean.dims()[1]});
  if (mean.dims().size() == 4 && mean.dims()[0] == 1)
    mean = mean.reshaped({mean.dims()[1], mean.dims()[2], mean.dims()[3]});
  if ((mean.dims().size() != 1 && mean.dims().size() != 3) || mean.count() == 0)
    throw Error(Code::kInvalid, name + ": a mean has dimensions [C] or [C,H,W]");
  return mean;
}

// Blobs that the network itself states count where the file of weights has none.
void add_own_weights(caffe::NetFile& net, caffe::Weights& weights, Diagnostics& diagnostics) {
  if (net.trained.empty()) return;
  const bool text = std::any_of(net.places.begin(), net.places.end(),
                                [](const caffe::LayerPlace& place) { return place.line > 0; });
  Diagnostics found;
  weights.add(caffe::Weights::read(net.trained, net.file, found));
  for (Diagnostic d : found.all()) {
    if (text) d.offset = -1;
    diagnostics.add(std::move(d));
  }
  std::string().swap(net.trained);
}

class Importer {
 public:
  Importer(const ModelFiles& files, const ImportOptions& options, ImportedModel& model)
      : files_(files), options_(options), model_(model), diagnostics_(model.diagnostics) {}

  void run() {
    parts_ = files_.package ? digits::find_parts(files_, options_, diagnostics_)
                            : parts_of_files(files_, options_, diagnostics_, misnamed_);
    model_.format = parts_.is_digits ? "digits" : "caffe";
    weights_lost_ = !parts_.weights && diagnostics_.error_count() > 0;
    read_labels();
    std::optional<caffe::NetFile> net;
    if (parts_.network)
      net = caffe::read_net(parts_.network->bytes(), parts_.network->shown(), diagnostics_);
    caffe::Weights weights;
    if (parts_.weights)
      weights =
          caffe::Weights::read(parts_.weights->bytes(), parts_.weights->shown(), diagnostics_);
    if (parts_.weights) parts_.weights->release();
    if (net) {
      add_own_weights(*net, weights, diagnostics_);
      diagnostics_.set_file(net->file);
      if (options_.trained_statistics) use_trained_statistics(*net, diagnostics_);
      build(*net, weights);
    }
    diagnostics_.sort_by_line();
    model_.misnamed = misnamed_ > 0 && diagnostics_.error_count() == misnamed_;
  }

 private:
  void read_labels() {
    if (!options_.labels_file.empty()) {
      model_.labels = digits::parse_labels(read_file(options_.labels_file, int64_t{64} << 20));
    } else if (parts_.labels) {
      model_.labels = digits::parse_labels(parts_.labels->bytes());
    }
  }

  digits::PictureFacts facts(const std::set<std::string>& inputs) {
    digits::PictureFacts facts;
    facts.package = parts_.is_digits;
    facts.height = parts_.height;
    facts.width = parts_.width;
    facts.channels = parts_.channels;
    facts.resize_mode = parts_.resize_mode;
    if (parts_.train_val) digits::read_training(*parts_.train_val, inputs, facts, diagnostics_);
    if (!options_.mean_file.empty()) {
      facts.mean = load_mean(options_.mean_file, nullptr);
      facts.mean_name = options_.mean_file;
    } else if (parts_.mean) {
      try {
        facts.mean = load_mean(parts_.mean->shown(), parts_.mean);
      } catch (const Error& e) {
        facts.mean_error = e;  // matters where the mean is needed
      }
      facts.mean_name = parts_.mean->base();
      facts.package = true;
    }
    if (facts.height == 0 && parts_.is_digits && facts.mean.dims().size() == 3) {
      facts.height = facts.mean.dims()[1];
      facts.width = facts.mean.dims()[2];
    }
    return facts;
  }

  // Of the part that the message begins with, else of the network.
  void report_of_pictures(const Error& e, Severity severity) {
    Diagnostic d{severity,
                 e.code(),
                 diagnostics_.file(),
                 0,
                 -1,
                 "",
                 e.what(),
                 e.notes().empty() ? "" : e.notes()[0]};
    for (const ModelFile* part : {parts_.mean, parts_.train_val}) {
      if (!part || !d.reason.starts_with(part->shown() + ": ")) continue;
      d.reason.erase(0, part->shown().size() + 2);
      d.file = part->shown();
    }
    if (severity == Severity::kWarning) d.hint = "nothing needs it";
    diagnostics_.add(std::move(d));
  }

  void build(const caffe::NetFile& net, caffe::Weights& weights) {
    caffe::NetOptions net_options;
    net_options.hooks = options_.hooks;
    net_options.random_weights = options_.random_weights && !weights_lost_;
    net_options.weights_lost = weights_lost_;
    net_options.outputs = options_.outputs;
    net_options.batch_max = std::max<int64_t>(options_.batch_max, 1);
    net_options.hint = {parts_.channels, parts_.height, parts_.width, &options_.shapes};
    std::optional<digits::PictureDecision> decision;
    if (!options_.raw_input) {
      const Extents dims = caffe::picture_dims(net, weights, net_options);
      try {
        const digits::PictureFacts known = facts(caffe::inputs_read(net, net_options));
        decision = digits::decide(known, options_, dims, diagnostics_);
        if (known.mean_error) report_of_pictures(*known.mean_error, Severity::kWarning);
      } catch (const Error& e) {
        report_of_pictures(e, Severity::kError);
      }
    }
    if (decision) net_options.picture = &decision->input;
    const ImportOptions plain;
    if (!options_.raw_input && !parts_.train_val && options_.mean == plain.mean &&
        options_.mean_file.empty() && options_.scale == plain.scale)
      note_transform(net, diagnostics_);
    GraphBuilder builder(net.net.name().empty() ? "network" : net.net.name());
    caffe::NetResult result = caffe::import_net(builder, net, weights, net_options, diagnostics_);
    if (diagnostics_.error_count() > 0) return;
    for (const auto& [name, value] : result.outputs) builder.output(value, name);
    check_labels(builder, result);
    model_.values = std::move(result.values);
    model_.borrowed = std::move(result.borrowed);
    if (decision) {
      model_.preprocess = decision->preprocess;
      model_.preprocess.input = result.picture_input;
    }
    model_.graph = builder.finish();
  }

  void check_labels(const GraphBuilder& builder, const caffe::NetResult& result) {
    if (model_.labels.empty()) return;
    const auto count = static_cast<int64_t>(model_.labels.size());
    for (const auto& [name, value] : result.outputs) {
      const Shape& dims = builder.type(value).shape;
      if (dims.size() >= 2 && dims[1] == Dim(count)) return;
    }
    diagnostics_.warn("", fmt::format("{} labels, but no output of as many classes", count));
  }

  const ModelFiles& files_;
  const ImportOptions& options_;
  ImportedModel& model_;
  Diagnostics& diagnostics_;
  Package parts_;
  size_t misnamed_ = 0;  // problems of which files were named together
  bool weights_lost_ = false;  // a problem that is in the list already
};

ImportedModel import_files(const ModelFiles& files, ImportedModel model,
                           const ImportOptions& options) {
  auto report = [&](Code code, const std::string& reason, const std::string& hint) {
    model.diagnostics.error(code, "", reason, hint);
  };
  try {
    // What could not be opened does not hide what is wrong with the rest.
    if (!files.files.empty() || model.diagnostics.error_count() == 0)
      Importer(files, options, model).run();
  } catch (const Error& e) {
    report(e.code(), e.what(), e.notes().empty() ? "" : e.notes()[0]);
  } catch (const std::bad_alloc&) {
    report(Code::kResource, "not enough memory to import the model", "");
  } catch (const std::exception& e) {
    report(Code::kInternal, e.what(), "");
  }
  model.failed = model.diagnostics.error_count() > 0;
  return model;
}

}  // namespace

ImportedModel import_model(const std::vector<std::string>& paths, const ImportOptions& options) {
  ImportedModel model;
  const ModelFiles files = open_files(paths, model.diagnostics);
  model.misnamed = files.misnamed;
  return import_files(files, std::move(model), options);
}

ImportedModel import_model_memory(const std::vector<std::pair<std::string, std::string>>& files,
                                  const ImportOptions& options) {
  ImportedModel model;
  ModelFiles opened;
  int networks = 0;
  for (const auto& [name, bytes] : files) {
    opened.files.push_back(ModelFile::in_memory(name, bytes));
    networks += name.ends_with(".prototxt");
    opened.package |= opened.files.back().base() == "info.json";
  }
  opened.package |= networks > 1;
  if (!files.empty()) opened.shown = files[0].first;
  if (files.empty()) model.diagnostics.error(Code::kNotFound, "", "no model was named");
  return import_files(opened, std::move(model), options);
}

std::map<std::string, ValueId> import_caffe_into(GraphBuilder& builder, const std::string& prototxt,
                                                 const std::string& caffemodel_bytes,
                                                 const ImportOptions& options,
                                                 Diagnostics& diagnostics) {
  const size_t before = diagnostics.error_count();
  const std::string shown = diagnostics.file();
  std::optional<caffe::NetFile> net =
      caffe::read_net(prototxt, shown.empty() ? "prototxt" : shown, diagnostics);
  caffe::Weights weights;
  if (!caffemodel_bytes.empty())
    weights = caffe::Weights::read(caffemodel_bytes, "caffemodel", diagnostics);
  caffe::NetResult result;
  if (net) {
    add_own_weights(*net, weights, diagnostics);
    if (options.trained_statistics) use_trained_statistics(*net, diagnostics);
    caffe::NetOptions net_options;
    net_options.hooks = options.hooks;
    net_options.random_weights = options.random_weights;
    net_options.outputs = options.outputs;
    net_options.batch_max = std::max<int64_t>(options.batch_max, 1);
    result = caffe::import_net(builder, *net, weights, net_options, diagnostics);
  }
  if (diagnostics.error_count() > before)
    diagnostics.throw_if_errors("the Caffe model cannot be imported");
  return std::move(result.values);
}

}  // namespace tenfold
