#include "src/import/caffe/bad_values.h"

#include <cctype>
#include <deque>
#include <optional>

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include "src/import/caffe/layer.h"

namespace tenfold::caffe {
namespace {

namespace pb = google::protobuf;
using Token = pb::io::Tokenizer::Token;

class Quiet : public pb::io::ErrorCollector {
 public:
  void AddError(int, pb::io::ColumnNumber, const std::string&) override {}
};

// The token at a place or the first after it, the four before, latest first, and the name of the
// outermost block around them.
struct Surroundings {
  Token at;
  std::deque<Token> before;
  std::string block;

  bool is(size_t back, const char* text) const {
    return back < before.size() && before[back].text == text;
  }
};

std::optional<Surroundings> tokens_around(const std::string& text, int line, int column) {
  constexpr size_t kBefore = 4;
  pb::io::ArrayInputStream stream(text.data(), static_cast<int>(text.size()));
  Quiet quiet;
  pb::io::Tokenizer tokens(&stream, &quiet);
  tokens.set_comment_style(pb::io::Tokenizer::SH_COMMENT_STYLE);
  tokens.set_allow_f_after_float(true);
  tokens.set_require_space_after_number(false);
  tokens.set_allow_multiline_strings(true);
  Surroundings found;
  int depth = 0;
  while (tokens.Next()) {
    found.at = tokens.current();
    if (found.at.line > line || (found.at.line == line && found.at.column >= column)) return found;
    if (found.at.text == "{" || found.at.text == "<") {
      const size_t name = found.is(0, ":") ? 1 : 0;
      if (depth++ == 0) found.block = name < found.before.size() ? found.before[name].text : "";
    } else if ((found.at.text == "}" || found.at.text == ">") && depth > 0 && --depth == 0) {
      found.block.clear();
    }
    found.before.push_front(found.at);
    if (found.before.size() > kBefore) found.before.pop_back();
  }
  return std::nullopt;
}

// Offset of a place in the text: tabs reach to the next multiple of eight columns.
size_t offset_of(const std::string& text, int line, int column) {
  constexpr int kTab = 8;
  size_t at = 0;
  for (int k = 0; k < line && at != std::string::npos; ++k) {
    at = text.find('\n', at);
    if (at != std::string::npos) ++at;
  }
  for (int c = 0; c < column && at < text.size(); ++at) c += text[at] == '\t' ? kTab - c % kTab : 1;
  return at;
}

bool in_number(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '.'; }

// The values of the enumerations that a field of this name takes in any message: which of them is
// nearest.
std::string value_meant(const std::string& field, const std::string& given) {
  std::vector<std::string> known;
  const pb::FileDescriptor* schema = NetParameter::descriptor()->file();
  for (int m = 0; m < schema->message_type_count(); ++m) {
    const pb::FieldDescriptor* f = schema->message_type(m)->FindFieldByName(field);
    if (!f || !f->enum_type()) continue;
    for (int v = 0; v < f->enum_type()->value_count(); ++v)
      known.push_back(f->enum_type()->value(v)->name());
  }
  const std::string near = nearest_name(given, known);
  return near.empty() ? "" : "did you mean '" + near + "'?";
}

bool begins(const std::string& message, const char* with) { return message.starts_with(with); }

}  // namespace

std::string trimmed_message(std::string message) {
  constexpr std::string_view kPackage = "tenfold.caffe.";
  for (size_t at; (at = message.find(kPackage)) != std::string::npos;)
    message.erase(at, kPackage.size());
  if (message.ends_with(", got: ")) message += "the end of the file";
  if (!message.empty() && message.back() == '.') message.pop_back();
  return message;
}

bool BadValues::blank(std::string* text, int line, int column, const std::string& message) {
  constexpr size_t kMost = 20, kLongestText = size_t{16} << 20;
  if (found_.size() >= kMost || text->size() > kLongestText) return false;
  const bool told_after =
      begins(message, "Unknown enumeration value") || begins(message, "Invalid value for boolean");
  const bool told_at = begins(message, "Expected integer") || begins(message, "Expected double") ||
                       begins(message, "Expected string") ||
                       begins(message, "Expected identifier") ||
                       begins(message, "Integer out of range");
  if (!told_after && !told_at) return false;
  const std::optional<Surroundings> around = tokens_around(*text, line, column);
  if (!around || (told_after && around->before.empty())) return false;
  const Token& value = told_after ? around->before.front() : around->at;
  size_t back = told_after ? 1 : 0;  // of the colon
  if (around->is(back, "-")) ++back;
  if (!around->is(back, ":") || back + 1 >= around->before.size()) return false;
  const Token& field = around->before[back + 1];
  if (field.type != pb::io::Tokenizer::TYPE_IDENTIFIER) return false;
  const bool negative = !told_after && value.text == "-";
  const bool missing = !negative && value.type == pb::io::Tokenizer::TYPE_SYMBOL;
  if (missing && value.text != "}" && value.text != ">") return false;
  const Token& last = missing ? around->before[back] : value;
  const size_t begin = offset_of(*text, field.line, field.column);
  size_t end = offset_of(*text, last.line, last.column) + last.text.size();
  std::string reason = trimmed_message(message);
  if (negative)
    for (; end < text->size() && in_number((*text)[end]); ++end) reason += (*text)[end];
  if (end > text->size() || begin >= end) return false;
  const bool in_layer = around->block == "layer" || around->block == "layers";
  found_.push_back({value.line, value.column, in_layer,
                    told_after ? reason : fmt::format("{}: {}", field.text, reason),
                    told_after ? value_meant(field.text, value.text) : ""});
  for (size_t at = begin; at < end; ++at)
    if ((*text)[at] != '\n' && (*text)[at] != '\t') (*text)[at] = ' ';
  return true;
}

void BadValues::add(const Place& place, const std::string& file, const std::string& layer,
                    Diagnostics& diagnostics) {
  diagnostics.add({Severity::kError, Code::kInvalid, file, place.line + 1, -1, layer,
                   fmt::format("column {}: {}", place.column + 1, place.reason), place.hint});
}

void BadValues::report(const std::string& file, Diagnostics& diagnostics) const {
  for (const Place& place : found_) add(place, file, "", diagnostics);
}

void BadValues::give(const pb::TextFormat::ParseInfoTree& places, NetFile* net,
                     Diagnostics& diagnostics) const {
  const bool v2 = net->net.layer_size() > 0;
  const pb::FieldDescriptor* field =
      NetParameter::descriptor()->FindFieldByName(v2 ? "layer" : "layers");
  const int count = v2 ? net->net.layer_size() : net->net.layers_size();
  for (const Place& place : found_) {
    int inside = -1;  // the last layer that begins before the place
    for (int k = 0; k < count && place.in_layer; ++k) {
      const pb::TextFormat::ParseLocation at = places.GetLocation(field, k);
      if (at.line < place.line || (at.line == place.line && at.column < place.column)) inside = k;
    }
    std::string name;
    if (inside >= 0 && v2) {
      LayerParameter* layer = net->net.mutable_layer(inside);
      name = layer->name();
      if (find_layer(layer->type())) layer->clear_type();
    } else if (inside >= 0) {
      name = net->net.layers(inside).name();
      net->net.mutable_layers(inside)->clear_type();
    }
    add(place, net->file, name, diagnostics);
  }
}

}  // namespace tenfold::caffe
