#include "src/import/caffe/net_file.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <memory>

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

#include "src/import/caffe/bad_values.h"
#include "src/import/caffe/wire.h"

namespace tenfold::caffe {
namespace {

namespace pb = google::protobuf;

// Turns protobuf's reports into diagnostics. An unknown field is reported where it first occurs.
class TextErrors : public pb::io::ErrorCollector {
 public:
  TextErrors(const std::string& file, Diagnostics& diagnostics)
      : file_(file), diagnostics_(diagnostics) {}

  void AddError(int line, pb::io::ColumnNumber column, const std::string& message) override {
    if (errors_ == 0) first_ = {line, column, message};
    const std::string_view begin = "Unknown enumeration value of \"",
                           end = "\" for field \"type\".";
    if (message.size() > begin.size() + end.size() && message.starts_with(begin) &&
        message.ends_with(end))
      unknown_type_ = message.substr(begin.size(), message.size() - begin.size() - end.size());
    if (++errors_ > 20) return;
    diagnostics_.add({Severity::kError, Code::kInvalid, file_, line + 1, -1, "",
                      fmt::format("column {}: {}", column + 1, trimmed_message(message)),
                      "the layers are examined once this is mended"});
  }

  void AddWarning(int line, pb::io::ColumnNumber, const std::string& message) override {
    Warning& warning = warnings_[trimmed_message(message)];
    if (warning.count++ > 0) return;
    warning.line = line + 1;
    warning.hint = field_meant(message);
  }

  struct Refusal {
    int line = 0, column = 0;  // from 0
    std::string message;
  };

  bool failed() const { return errors_ > 0; }
  // What alone was wrong; null: nothing, or more.
  const Refusal* only() const { return errors_ == 1 ? &first_ : nullptr; }
  // The type of an old layer that no such layer has; empty: nothing of the kind.
  const std::string& unknown_type() const { return unknown_type_; }

  void flush_warnings() {
    std::multimap<int, std::string> by_line;
    for (const auto& [message, warning] : warnings_) by_line.emplace(warning.line, message);
    for (const auto& [line, message] : by_line) {
      const Warning& warning = warnings_.at(message);
      std::string reason = message;
      if (warning.count > 1) reason += fmt::format(", {} times", warning.count);
      diagnostics_.add(
          {Severity::kWarning, Code::kOk, file_, warning.line, -1, "", reason, warning.hint});
    }
  }

 private:
  struct Warning {
    int line = 0, count = 0;
    std::string hint;
  };
  static std::string whole_field_meant(const pb::Descriptor* type, const std::string& given) {
    std::vector<std::string> known;
    for (int k = 0; type && k < type->field_count(); ++k) known.push_back(type->field(k)->name());
    const std::string near = nearest_name(given, known);
    return near.empty() ? near : "did you mean '" + near + "'?";
  }
  // Of `Message type "M" has no field named "F".`: which field of M is nearest.
  static std::string field_meant(const std::string& message) {
    const auto quoted = [&](size_t from) {
      const size_t open = message.find('"', from), close = message.find('"', open + 1);
      return close == std::string::npos ? std::string()
                                        : message.substr(open + 1, close - open - 1);
    };
    const size_t field = message.find("\" has no field named \"");
    if (!message.starts_with("Message type \"") || field == std::string::npos) return {};
    const pb::Descriptor* type =
        pb::DescriptorPool::generated_pool()->FindMessageTypeByName(quoted(0));
    // What all parameters end in says nothing of which is meant.
    constexpr std::string_view kCommon = "_param";
    const auto part = [&](std::string name) {
      if (name.size() > kCommon.size() && name.ends_with(kCommon))
        name.resize(name.size() - kCommon.size());
      return name;
    };
    const std::string given = quoted(field + 1);
    std::vector<std::string> known;
    for (int k = 0; type && k < type->field_count(); ++k)
      if (type->field(k)->name().ends_with(kCommon) == given.ends_with(kCommon))
        known.push_back(part(type->field(k)->name()));
    const std::string near = nearest_name(part(given), known);
    if (near.empty()) return whole_field_meant(type, given);
    return "did you mean '" + near + (given.ends_with(kCommon) ? std::string(kCommon) : "") + "'?";
  }

  std::string file_, unknown_type_;
  Diagnostics& diagnostics_;
  std::map<std::string, Warning> warnings_;
  int errors_ = 0;
  Refusal first_;
};

// Nested messages are limited: a text of a million open braces must not exhaust the stack.
constexpr int kRecursionLimit = 100;

// Offset of the first `type: NAME` in the text; npos: none.
size_t find_type(const std::string& text, const std::string& name) {
  const auto word = [&](size_t at) {
    return at < text.size() &&
           (std::isalnum(static_cast<unsigned char>(text[at])) || text[at] == '_');
  };
  for (size_t at = 0; (at = text.find(name, at)) != std::string::npos; ++at) {
    size_t before = at;
    const auto skip_blanks = [&] {
      while (before > 0 && std::isspace(static_cast<unsigned char>(text[before - 1]))) --before;
    };
    skip_blanks();
    if (word(at + name.size()) || before == 0 || text[before - 1] != ':') continue;
    --before;
    skip_blanks();
    if (before >= 4 && text.compare(before - 4, 4, "type") == 0) return at;
  }
  return std::string::npos;
}

// An old network's text (`layers`) whose types are an enumeration: those that it does not list
// become NONE, so that the layers are read and reported as others of an unknown type are.
class UnknownTypes {
 public:
  // Replaces the first in the text. False: it is not there, or there were too many.
  bool replace(std::string* text, const std::string& name) {
    constexpr size_t kMost = 100, kLongestText = size_t{16} << 20;
    if (name.empty() || found_.size() >= kMost || text->size() > kLongestText) return false;
    const size_t at = find_type(*text, name);
    if (at == std::string::npos) return false;
    const auto line = std::count(text->begin(), text->begin() + static_cast<int64_t>(at), '\n');
    text->replace(at, name.size(), "NONE");
    found_.emplace_back(static_cast<int>(line), name);
    return true;
  }

  // For a text that cannot be read for another reason.
  void report(const std::string& file, Diagnostics& diagnostics) const {
    for (const auto& [line, name] : found_)
      diagnostics.add({Severity::kError, Code::kUnsupported, file, line + 1, -1, "",
                       fmt::format("unknown layer type '{}'", name), ""});
  }

  void give(const pb::TextFormat::ParseInfoTree& places, NetFile* net) const {
    const pb::FieldDescriptor* layers = NetParameter::descriptor()->FindFieldByName("layers");
    const pb::FieldDescriptor* type = V1LayerParameter::descriptor()->FindFieldByName("type");
    size_t next = 0;
    for (int k = 0; k < net->net.layers_size() && next < found_.size(); ++k) {
      if (!net->net.layers(k).has_type() || net->net.layers(k).type() != V1LayerParameter::NONE)
        continue;
      const pb::TextFormat::ParseInfoTree* inside = places.GetTreeForNested(layers, k);
      if (!inside) continue;
      const int line = inside->GetLocation(type, -1).line;
      while (next < found_.size() && found_[next].first < line) ++next;  // of comments
      if (next < found_.size() && found_[next].first == line)
        net->v1_types[k] = found_[next++].second;
    }
  }

 private:
  std::vector<std::pair<int, std::string>> found_;  // 0-based line, name; in the text's order
};

// Parses the text into `net`. What is wrong goes to `diagnostics`; null where the rest of the text
// cannot be read.
std::unique_ptr<pb::TextFormat::ParseInfoTree> parse_text(std::string text, NetFile& net,
                                                          Diagnostics& diagnostics) {
  if (text.compare(0, 3, "\xEF\xBB\xBF") == 0) text.erase(0, 3);  // of UTF-8, by some editors
  UnknownTypes types;
  BadValues values;
  for (;;) {
    Diagnostics found;
    TextErrors errors(net.file, found);
    auto places = std::make_unique<pb::TextFormat::ParseInfoTree>();
    pb::TextFormat::Parser parser;
    parser.AllowUnknownField(true);
    parser.AllowUnknownExtension(true);
    parser.AllowPartialMessage(true);
    parser.SetRecursionLimit(kRecursionLimit);
    parser.RecordErrorsTo(&errors);
    parser.WriteLocationsTo(places.get());
    pb::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
    const bool parsed = parser.Parse(&stream, &net.net) && !errors.failed();
    if (!parsed && types.replace(&text, errors.unknown_type())) continue;
    const TextErrors::Refusal* refused = parsed ? nullptr : errors.only();
    if (refused && values.blank(&text, refused->line, refused->column, refused->message)) continue;
    if (parsed) {
      errors.flush_warnings();
      types.give(*places, &net);
      values.give(*places, &net, diagnostics);
    } else {
      types.report(net.file, diagnostics);
      values.report(net.file, diagnostics);
    }
    for (const Diagnostic& d : found.all()) diagnostics.add(d);
    return parsed ? std::move(places) : nullptr;
  }
}

// Reads what is_binary_net is true of.
bool parse_binary(const std::string& bytes, NetParameter& net) {
  const auto no_text = [](char c) { return c >= 0 && c < ' ' && !std::isspace(c); };
  if (std::none_of(bytes.begin(), bytes.end(), no_text)) return false;
  if (!net.ParsePartialFromString(bytes) || net.layer_size() + net.layers_size() == 0) {
    net.Clear();
    return false;
  }
  net.DiscardUnknownFields();
  return true;
}

// Where the layers of one of NetParameter's fields begin in a binary file.
std::vector<LayerPlace> places_in(std::string_view bytes, int number) {
  std::vector<LayerPlace> places;
  WireField field;
  for (size_t at = 0, start = 0; at < bytes.size() && read_field(bytes, at, &field); start = at)
    if (field.number == number) places.push_back({0, static_cast<int64_t>(start)});
  return places;
}

bool has_blobs(const NetParameter& net) {
  const auto has = [](const auto& layer) { return layer.blobs_size() > 0; };
  return std::any_of(net.layer().begin(), net.layer().end(), has) ||
         std::any_of(net.layers().begin(), net.layers().end(),
                     [&](const auto& layer) { return has(layer) || has(layer.layer()); });
}

// Leaves the blobs out of the network, which `file` holds as a .caffemodel does.
void take_blobs(NetFile& net, std::string file) {
  net.trained = std::move(file);
  for (LayerParameter& layer : *net.net.mutable_layer()) layer.clear_blobs();
  for (V1LayerParameter& layer : *net.net.mutable_layers()) {
    layer.clear_blobs();
    if (layer.has_layer()) layer.mutable_layer()->clear_blobs();
  }
}

bool looks_like_solver(const std::string& text) {
  return text.find("base_lr") != std::string::npos ||
         text.find("snapshot_prefix") != std::string::npos;
}

}  // namespace

Diagnostic about_layer(const NetFile& net, int layer, Severity severity, Code code,
                       const std::string& reason, const std::string& hint) {
  const LayerPlace& place = net.places[static_cast<size_t>(layer)];
  return {severity, code, net.file, place.line, place.offset, net.net.layer(layer).name(),
          reason,   hint};
}

void layer_error(Diagnostics& diagnostics, const NetFile& net, int layer, Code code,
                 const std::string& reason, const std::string& hint) {
  diagnostics.add(about_layer(net, layer, Severity::kError, code, reason, hint));
}

bool is_binary_net(const std::string& bytes, bool with_input) {
  NetParameter net;
  if (bytes.size() > static_cast<size_t>(INT32_MAX) || !parse_binary(bytes, net)) return false;
  return !with_input || net.input_size() > 0 ||
         std::any_of(net.layer().begin(), net.layer().end(),
                     [](const LayerParameter& layer) { return layer.type() == "Input"; });
}

std::optional<NetFile> parse_net(const std::string& text, const std::string& file,
                                 Diagnostics& diagnostics) {
  NetFile net;
  net.file = file;
  if (text.size() > static_cast<size_t>(INT32_MAX)) {
    diagnostics.add({Severity::kError, Code::kResource, file, 0, -1, "",
                     "a network may have at most 2 GiB", ""});
    return std::nullopt;
  }
  if (text.compare(0, 2, "\xFF\xFE") == 0 || text.compare(0, 2, "\xFE\xFF") == 0) {
    diagnostics.add({Severity::kError, Code::kInvalid, file, 1, -1, "", "the text is UTF-16",
                     "save it as UTF-8"});
    return std::nullopt;
  }
  Diagnostics found;
  std::unique_ptr<pb::TextFormat::ParseInfoTree> places;
  const bool binary = parse_binary(text, net.net);
  if (!binary) places = parse_text(text, net, found);
  const bool layers = net.net.layer_size() > 0 || net.net.layers_size() > 0;
  for (const Diagnostic& d : found.all())  // of a text of another kind, any field is unknown
    if (d.severity == Severity::kError || layers) diagnostics.add(d);
  if (!places && !binary) return std::nullopt;
  const pb::Descriptor* type = NetParameter::descriptor();
  const bool v2 = net.net.layer_size() > 0;
  const pb::FieldDescriptor* field = type->FindFieldByName(v2 ? "layer" : "layers");
  const int count = v2 ? net.net.layer_size() : net.net.layers_size();
  if (count == 0) {
    std::string hint = "a network's text has `layer { ... }` blocks";
    if (looks_like_solver(text)) hint = "this is a solver's text: give the network that it names";
    diagnostics.add(
        {Severity::kError, Code::kInvalid, file, 0, -1, "", "the text holds no layers", hint});
    return std::nullopt;
  }
  const auto line_of = [&](const pb::FieldDescriptor* of, int k) {
    return places ? places->GetLocation(of, k).line + 1 : 0;
  };
  if (binary) net.places = places_in(text, field->number());
  net.places.resize(static_cast<size_t>(count));
  for (int k = 0; k < count; ++k) net.places[static_cast<size_t>(k)].line = line_of(field, k);
  if (has_blobs(net.net)) take_blobs(net, binary ? text : net.net.SerializePartialAsString());
  if (v2 && net.net.layers_size() > 0) {
    const pb::FieldDescriptor* old = type->FindFieldByName("layers");
    diagnostics.add(
        {Severity::kError, Code::kInvalid, file, line_of(old, 0), -1, "",
         fmt::format("{} `layers` of the old form beside {} `layer` of the new one (the first {})",
                     net.net.layers_size(), count,
                     binary ? fmt::format("at byte {}", net.places[0].offset)
                            : fmt::format("in line {}", net.places[0].line)),
         "write all of them in one form, as Caffe demands"});
    net.net.clear_layers();
  }
  return net;
}

std::optional<NetFile> read_phases(const std::string& text, const std::string& file,
                                   Diagnostics& diagnostics) {
  std::optional<NetFile> net = parse_net(text, file, diagnostics);
  if (!net) return net;
  upgrade_v0(*net, diagnostics);
  upgrade_v1(*net, diagnostics);
  upgrade_data(*net);
  upgrade_inputs(*net, diagnostics);
  return net;
}

std::optional<NetFile> read_net(const std::string& text, const std::string& file,
                                Diagnostics& diagnostics) {
  std::optional<NetFile> net = read_phases(text, file, diagnostics);
  if (net) keep_test_phase(*net, diagnostics);
  return net;
}

}  // namespace tenfold::caffe
