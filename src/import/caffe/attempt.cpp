#include "src/import/caffe/attempt.h"

#include <algorithm>

#include <fmt/format.h>

namespace tenfold::caffe {
namespace {

constexpr int kMaxSuggestions = 100;
// Inputs and outputs of a plan (docs/format.md).
constexpr size_t kMaxBindings = 4096;

}  // namespace

Attempt::Attempt(GraphBuilder& builder, const AttemptSetup& setup, Diagnostics& diagnostics)
    : builder_(builder),
      setup_(setup),
      diagnostics_(diagnostics),
      shared_(setup.net.net, setup.weights) {}

void Attempt::error(int k, Code code, const std::string& reason, const std::string& hint) {
  layer_error(diagnostics_, setup_.net, k, code, reason, hint);
}

void Attempt::note(const std::string& layer, const std::string& reason) {
  diagnostics_.add({Severity::kNote, Code::kOk, setup_.net.file, 0, -1, layer, reason, ""});
}

NetResult Attempt::run() {
  for (int k = 0; k < setup_.net.net.layer_size(); ++k) add_layer(k);
  report_missing_weights();
  report_unused();
  check_bindings();
  for (const auto& [name, source] : setup_.topology.last) {
    const auto it = values_.find(source);
    if (it != values_.end()) result_.values[name] = it->second;
  }
  for (const NetOutput& output : setup_.topology.outputs) {
    const auto it = values_.find(output.source);
    if (it != values_.end()) result_.outputs.emplace_back(output_name(output), it->second);
  }
  return std::move(result_);
}

// The output's name; where an input that is worked on in place has it, the layer's, or one made up.
std::string Attempt::output_name(const NetOutput& output) {
  const Graph& graph = builder_.graph();
  const auto is_input = [&](const std::string& name) {
    return std::any_of(graph.inputs().begin(), graph.inputs().end(),
                       [&](ValueId input) { return graph.value(input).name == name; });
  };
  if (!is_input(output.name)) return output.name;
  const int k = output.source.layer;
  const auto& all = setup_.topology.outputs;
  const auto is_taken = [&](const std::string& name) {
    return name.empty() || is_input(name) ||
           std::any_of(all.begin(), all.end(), [&](const auto& o) { return o.name == name; }) ||
           std::any_of(result_.outputs.begin(), result_.outputs.end(),
                       [&](const auto& o) { return o.first == name; });
  };
  std::string own = setup_.net.net.layer(k).name();
  for (int n = 1; is_taken(own); ++n)
    own = output.name + ".out" + (n > 1 ? std::to_string(n) : std::string());
  note(setup_.net.net.layer(k).name(),
       fmt::format("output '{}' bears an input's name: it is called '{}'", output.name, own));
  return own;
}

void Attempt::add_layer(int k) {
  const LayerLinks& links = setup_.topology.layers[static_cast<size_t>(k)];
  const LayerParameter& layer = setup_.net.net.layer(k);
  if (links.is(LayerKind::kSink)) {
    note(layer.name(), fmt::format("{} belongs to training or measuring: left out", layer.type()));
    return;
  }
  if (links.is(LayerKind::kData)) return add_data(k);
  if (!links.live) return report_unneeded(k);
  if (!links.claimed && !links.entry) {
    std::vector<ValueId> ignored;
    (void)gather(k, &ignored);
    return report_unknown(k);
  }
  add_computed(k);
}

void Attempt::add_data(int k) {
  const LayerLinks& links = setup_.topology.layers[static_cast<size_t>(k)];
  const LayerParameter& layer = setup_.net.net.layer(k);
  for (int t = 0; t < layer.top_size(); ++t) {
    if (!links.wanted[static_cast<size_t>(t)]) {
      if (layer.type() == "Input")
        note(layer.name(), fmt::format("no output needs '{}': it is no input", layer.top(t)));
      continue;
    }
    try {
      bool assumed = false;
      const Extents dims = resolve_data_shape(setup_.net, setup_.topology, setup_.weights,
                                              setup_.options.hint, {k, t}, &assumed);
      if (assumed)
        diagnostics_.add(about_layer(setup_.net, k, Severity::kWarning, Code::kOk,
                                     "the file does not tell the channels: three are assumed"));
      Shape shape = to_shape(dims);
      if (setup_.open_batch && !shape.empty()) shape[0] = Dim::symbol("N");
      const std::string name = unique(layer.top(t), value_names_);
      ValueId value;
      const PictureInput* picture = setup_.options.picture;
      if (picture && dims.size() == 4 && result_.picture_input.empty()) {
        value = add_picture_input(builder_, name, shape[0], dims[2], dims[3], *picture);
        if (dims[1] != picture->channels)
          throw Error(Code::kInvalid, fmt::format("the network reads {} channels, pictures have {}",
                                                  dims[1], picture->channels));
        result_.picture_input = name;
      } else {
        value = builder_.input(name, DType::kF32, shape);
      }
      values_[{k, t}] = value;
      named_.insert(value.index);
    } catch (const Error& e) {
      error(k, e.code(), e.what(), e.notes().empty() ? "" : e.notes()[0]);
    }
  }
}

bool Attempt::gather(int k, std::vector<ValueId>* bottoms) {
  const LayerLinks& links = setup_.topology.layers[static_cast<size_t>(k)];
  const LayerParameter& layer = setup_.net.net.layer(k);
  bool complete = true;
  for (size_t b = 0; b < links.bottoms.size(); ++b) {
    const Source source = links.bottoms[b];
    const std::string& name = layer.bottom(static_cast<int>(b));
    if (source.layer < 0) {
      std::string hint;
      const auto later = setup_.topology.last.find(name);
      if (later != setup_.topology.last.end()) {
        hint = fmt::format("layer '{}' makes it later: bottoms come from earlier layers",
                           setup_.net.net.layer(later->second.layer).name());
      } else {
        std::vector<std::string> names;
        if (suggestions_++ < kMaxSuggestions)
          for (const auto& [top, made] : setup_.topology.last)
            if (made.layer < k) names.push_back(top);
        const std::string near = nearest_name(name, names);
        if (setup_.net.left_out.count(name)) {
          hint = "layers of another phase or stage make it";
        } else if (!near.empty())
          hint = fmt::format("did you mean '{}'", near);
      }
      error(k, Code::kInvalid, fmt::format("bottom '{}' is made by no earlier layer", name), hint);
    }
    const auto it = source.layer < 0 ? values_.end() : values_.find(source);
    complete &= it != values_.end();
    bottoms->push_back(it != values_.end() ? it->second : kNoValue);
  }
  return complete;
}

void Attempt::add_computed(int k) {
  const LayerLinks& links = setup_.topology.layers[static_cast<size_t>(k)];
  std::vector<ValueId> bottoms;
  const bool complete = gather(k, &bottoms);
  if (links.claimed && (setup_.dry || !complete)) return;
  try {
    const std::vector<ValueId> tops =
        links.claimed ? call_hook(k, bottoms) : call_importer(k, std::move(bottoms));
    if (tops.size() < links.tops.size())
      throw Error(Code::kInvalid, fmt::format("the layer has {} tops, its type makes {}",
                                              links.tops.size(), tops.size()));
    for (size_t t = 0; t < links.tops.size() && complete; ++t)
      set_top(k, static_cast<int>(t), tops[t]);
  } catch (const UnknownBottom&) {
    LayerBlobs blobs(setup_, shared_, diagnostics_, k);
    blobs.examine();
    if (blobs.missing()) missing_.push_back(k);
  } catch (const Error& e) {
    error(k, e.code(), e.what(), e.notes().empty() ? "" : e.notes()[0]);
  } catch (const std::bad_alloc&) {
    error(k, Code::kResource, "not enough memory for the layer");
  } catch (const std::exception& e) {
    error(k, links.claimed ? Code::kUnsupported : Code::kInternal, e.what());
  }
}

std::vector<ValueId> Attempt::call_importer(int k, std::vector<ValueId> bottoms) {
  const LayerParameter& layer = setup_.net.net.layer(k);
  LayerBlobs blobs(setup_, shared_, diagnostics_, k);
  LayerContext context(layer, std::move(bottoms), builder_, blobs, node_name(k));
  setup_.topology.layers[static_cast<size_t>(k)].entry->import(context);
  if (blobs.missing()) missing_.push_back(k);
  blobs.compare_count(context.blobs_used());
  return context.tops();
}

std::vector<ValueId> Attempt::call_hook(int k, const std::vector<ValueId>& bottoms) {
  const LayerParameter& layer = setup_.net.net.layer(k);
  std::vector<Tensor> weights;
  if (const TrainedBlobs* trained = setup_.weights.use(layer.name()))
    for (const Blob& blob : trained->blobs) weights.push_back(blob.value);
  result_.borrowed.insert(result_.borrowed.end(), weights.begin(), weights.end());
  const std::vector<ValueId> tops = setup_.options.hooks->import(
      builder_, layer.name(), layer.type(), bottoms, weights, layer.top_size());
  for (const ValueId top : tops)
    if (top.index >= builder_.graph().value_count())
      throw Error(Code::kInvalid, "the hook returned a value that the graph does not have");
  return tops;
}

std::string Attempt::unique(const std::string& name, UsedNames& used) {
  const auto [own, fresh] = used.try_emplace(name, 2);
  if (fresh) return name;
  for (;;) {
    std::string result = fmt::format("{}.{}", name, own->second++);
    if (used.try_emplace(result, 2).second) return result;
  }
}

std::string Attempt::node_name(int k) {
  const LayerParameter& layer = setup_.net.net.layer(k);
  return unique(layer.name().empty() ? fmt::format("{}{}", layer.type(), k) : layer.name(),
                node_names_);
}

// The last maker of a blob bears its name; earlier ones, overwritten in place, also name their
// layer.
void Attempt::set_top(int k, int top, ValueId value) {
  const std::string& name =
      setup_.topology.layers[static_cast<size_t>(k)].tops[static_cast<size_t>(top)];
  // Sizes are known to fit into 64 bits from here on, also of the largest batch.
  (void)bytes_for(
      DType::kF64,
      element_count(builder_.type(value).shape).eval({{"N", setup_.options.batch_max}}));
  values_[{k, top}] = value;
  if (!named_.insert(value.index).second) return;
  const bool last = setup_.topology.last.at(name) == Source{k, top};
  const std::string own = last ? name : fmt::format("{}.{}", name, setup_.net.net.layer(k).name());
  builder_.name_value(value, unique(own, value_names_));
}

void Attempt::check_bindings() {
  const size_t inputs = builder_.graph().inputs().size();
  const std::vector<NetOutput>& outputs = setup_.topology.outputs;
  if (inputs + outputs.size() <= kMaxBindings) return;
  const size_t first = inputs < kMaxBindings ? kMaxBindings - inputs : 0;
  error(outputs.empty() ? 0 : outputs[std::min(first, outputs.size() - 1)].source.layer,
        Code::kResource,
        fmt::format("the network has {} inputs and {} outputs: a plan has at most {} in all",
                    inputs, outputs.size(), kMaxBindings),
        "--output NAME keeps only the outputs that are needed");
}

}  // namespace tenfold::caffe
