#include "src/import/caffe/net_file.h"

#include <map>

#include <fmt/format.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/text_format.h>

namespace tenfold::caffe {
namespace {

namespace pb = google::protobuf;

// Turns protobuf's reports into diagnostics. An unknown field is reported where it first occurs.
class TextErrors : public pb::io::ErrorCollector {
 public:
  TextErrors(const std::string& file, Diagnostics& diagnostics)
      : file_(file), diagnostics_(diagnostics) {}

  void AddError(int line, pb::io::ColumnNumber column, const std::string& message) override {
    failed_ = true;
    if (++errors_ > 20) return;
    diagnostics_.add({Severity::kError, Code::kInvalid, file_, line + 1, -1, "",
                      fmt::format("column {}: {}", column + 1, trimmed(message)), ""});
  }

  void AddWarning(int line, pb::io::ColumnNumber, const std::string& message) override {
    Warning& warning = warnings_[trimmed(message)];
    if (warning.count++ == 0) warning.line = line + 1;
  }

  bool failed() const { return failed_; }

  void flush_warnings() {
    for (const auto& [message, warning] : warnings_) {
      std::string reason = message;
      if (warning.count > 1) reason += fmt::format(", {} times", warning.count);
      diagnostics_.add({Severity::kWarning, Code::kOk, file_, warning.line, -1, "", reason, ""});
    }
  }

 private:
  struct Warning {
    int line = 0, count = 0;
  };
  // Without the schema's name and the final period.
  static std::string trimmed(std::string message) {
    for (const std::string_view noise : {"tenfold.caffe."}) {
      for (size_t at; (at = message.find(noise)) != std::string::npos;)
        message.erase(at, noise.size());
    }
    if (!message.empty() && message.back() == '.') message.pop_back();
    return message;
  }

  std::string file_;
  Diagnostics& diagnostics_;
  std::map<std::string, Warning> warnings_;
  int errors_ = 0;
  bool failed_ = false;
};

// Nested messages are limited: a text of a million open braces must not exhaust the stack.
constexpr int kRecursionLimit = 100;

bool looks_like_solver(const std::string& text) {
  return text.find("base_lr") != std::string::npos ||
         text.find("snapshot_prefix") != std::string::npos;
}

}  // namespace

void layer_error(Diagnostics& diagnostics, const NetFile& net, int layer, Code code,
                 const std::string& reason, const std::string& hint) {
  diagnostics.add({Severity::kError, code, net.file, net.lines[static_cast<size_t>(layer)], -1,
                   net.net.layer(layer).name(), reason, hint});
}

std::optional<NetFile> parse_net(const std::string& text, const std::string& file,
                                 Diagnostics& diagnostics) {
  NetFile net;
  net.file = file;
  if (text.size() > static_cast<size_t>(INT32_MAX)) {
    diagnostics.add({Severity::kError, Code::kResource, file, 0, -1, "",
                     "a network's text may have at most 2 GiB", ""});
    return std::nullopt;
  }
  if (text.compare(0, 2, "\xFF\xFE") == 0 || text.compare(0, 2, "\xFE\xFF") == 0) {
    diagnostics.add({Severity::kError, Code::kInvalid, file, 1, -1, "", "the text is UTF-16",
                     "save it as UTF-8"});
    return std::nullopt;
  }
  TextErrors errors(file, diagnostics);
  pb::TextFormat::ParseInfoTree places;
  pb::TextFormat::Parser parser;
  parser.AllowUnknownField(true);
  parser.AllowUnknownExtension(true);
  parser.AllowPartialMessage(true);
  parser.SetRecursionLimit(kRecursionLimit);
  parser.RecordErrorsTo(&errors);
  parser.WriteLocationsTo(&places);
  const int mark = text.compare(0, 3, "\xEF\xBB\xBF") == 0 ? 3 : 0;  // of UTF-8, by some editors
  pb::io::ArrayInputStream stream(text.data() + mark, static_cast<int>(text.size()) - mark);
  const bool parsed = parser.Parse(&stream, &net.net);
  if (!parsed || errors.failed()) return std::nullopt;
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
  errors.flush_warnings();
  for (int k = 0; k < count; ++k) net.lines.push_back(places.GetLocation(field, k).line + 1);
  if (v2 && net.net.layers_size() > 0) {
    diagnostics.add({Severity::kWarning, Code::kOk, file, 0, -1, "",
                     fmt::format("both `layer` and `layers` blocks: {} of the old form are ignored",
                                 net.net.layers_size()),
                     ""});
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
