// What an attempt says of layers that it cannot import and of weights without layers.
#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "src/import/caffe/attempt.h"

namespace tenfold::caffe {

// The longest known type that stands in `type`: 'Pooling' in 'ROIPooling'.
static std::string known_part(const std::string& type) {
  std::string longest;
  for (const std::string& known : caffe_layer_types())
    if (known.size() >= 4 && known.size() > longest.size() && type.find(known) != std::string::npos)
      longest = known;
  return longest;
}

static std::string usual_name(const std::string& type) {
  static const std::map<std::string, std::string, std::less<>> kNames = {
#define OTHER_NAME(theirs, ours) {#theirs, #ours},
#include "src/import/caffe/other_names.def"
#undef OTHER_NAME
  };
  const auto it = kNames.find(type);
  return it == kNames.end() ? std::string() : it->second;
}

// The hint for an unknown type; empty where nothing is near.
static std::string nearest_type(const std::string& type) {
  std::string near = usual_name(type);
  if (near.empty()) near = nearest_name(type, caffe_layer_types());
  if (near.empty()) near = known_part(type);
  return near.empty() ? "" : fmt::format("the nearest known type is '{}'", near);
}

// An unknown layer without followers counts as one: were it known, its tops might be outputs.
void Attempt::report_unneeded(int k) {
  const LayerLinks& links = setup_.topology.layers[static_cast<size_t>(k)];
  const LayerParameter& layer = setup_.net.net.layer(k);
  if (links.claimed || links.entry)
    return note(layer.name(), "no output needs the layer: left out");
  if (setup_.topology.outputs.empty()) return report_unknown(k);
  diagnostics_.add(about_layer(
      setup_.net, k, Severity::kWarning, Code::kOk,
      fmt::format("unknown layer type '{}': left out, because no output needs it", layer.type()),
      nearest_type(layer.type())));
}

void Attempt::report_unknown(int k) {
  const std::string& type = setup_.net.net.layer(k).type();
  const auto& told = diagnostics_.all();
  if (type.empty() && std::any_of(told.begin(), told.end(), [&](const Diagnostic& d) {
        return d.severity == Severity::kError && d.layer == setup_.net.net.layer(k).name();
      }))
    return;  // by what turned it from an older form
  error(k, Code::kUnsupported, fmt::format("unknown layer type '{}'", type), nearest_type(type));
}

void Attempt::report_missing_weights() {
  if (missing_.empty() || setup_.options.weights_lost) return;
  const bool file = setup_.weights.present();
  Diagnostic d;
  d.severity = Severity::kError;
  d.code = file ? Code::kInvalid : Code::kNotFound;
  d.file = file ? setup_.weights.file() : setup_.net.file;
  std::vector<std::string> named;
  for (const int k : missing_) {
    const int line = setup_.net.places[static_cast<size_t>(k)].line;
    named.push_back(setup_.net.net.layer(k).name() +
                    (line > 0 ? fmt::format(" (line {})", line) : ""));
  }
  d.reason =
      fmt::format("{} trained weights for {} layer{}: {}", file ? "the file lacks" : "there are no",
                  named.size(), named.size() == 1 ? "" : "s", fmt::join(named, ", "));
  if (file) {
    std::vector<std::string> names;
    for (const auto& [name, trained] : setup_.weights.layers())
      if (!trained.used) names.push_back(name);
    const std::string near = nearest_name(setup_.net.net.layer(missing_[0]).name(), names);
    if (!near.empty()) d.hint = fmt::format("the file has '{}' for no layer", near);
  } else {
    d.hint = "give the .caffemodel too, or ask for random weights";
  }
  diagnostics_.add(std::move(d));
}

void Attempt::report_unused() {
  std::set<std::string> known;  // layers that nothing needs too
  for (const LayerParameter& layer : setup_.net.net.layer()) known.insert(layer.name());
  std::vector<std::string> names;
  for (const auto& [name, trained] : setup_.weights.layers())
    if (!trained.used && !trained.blobs.empty() && !known.count(name)) names.push_back(name);
  if (names.empty()) return;
  const size_t count = names.size();
  if (count > 10) names.resize(10);
  note("", fmt::format("{} trained layer{} of the weights {} not in the network: {}{}", count,
                       count == 1 ? "" : "s", count == 1 ? "is" : "are", fmt::join(names, ", "),
                       count > 10 ? ", ..." : ""));
}

}  // namespace tenfold::caffe
