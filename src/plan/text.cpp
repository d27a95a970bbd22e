#include "src/plan/text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "src/base/scanner.h"

namespace tenfold {

namespace {
std::string fixed1(double value, const char* unit) {
  char text[64];
  std::snprintf(text, sizeof text, "%.1f %s", value, unit);
  return text;
}

// Bytes of the well-formed UTF-8 character at the start of `text`; 0: there is none.
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t k) { return static_cast<unsigned char>(text[k]); };
  const unsigned lead = byte(0);
  const size_t length = lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (lead > 0xf4 || length == 0 || length > text.size()) return 0;
  for (size_t k = 1; k < length; ++k)
    if ((byte(k) & 0xc0) != 0x80) return 0;
  if (length < 3) return length;
  // Neither overlong, nor a surrogate, nor beyond U+10FFFF.
  const unsigned second = byte(1);
  const bool bad = (lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
                   (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f);
  return bad ? 0 : length;
}

}  // namespace

std::string human_bytes(int64_t bytes) {
  if (bytes < 1000) return std::to_string(bytes) + " B";
  const auto value = static_cast<double>(bytes);
  if (bytes < 1000000) return fixed1(value / 1e3, "kB");
  if (bytes < 1000000000) return fixed1(value / 1e6, "MB");
  return fixed1(value / 1e9, "GB");
}

std::string human_us(double us) { return us < 0 ? std::string() : fixed1(us, "us"); }

std::string guard_text(const std::vector<Symbol>& symbols) {
  std::string out;
  for (const Symbol& s : symbols) {
    if (!out.empty()) out += ", ";
    out += s.name + " in " + std::to_string(s.min) + ".." + std::to_string(s.max) + " at " +
           std::to_string(s.tune) + (s.data_dependent ? ", counted by a run" : "");
  }
  return out.empty() ? "fixed sizes" : out;
}

std::string formats_text(const Problem& problem) {
  std::string out;
  for (const Operand& o : problem.inputs) out += (o.constant ? "@" : "") + o.format.str() + " ";
  out += "->";
  for (const Operand& o : problem.outputs) out += " " + o.format.str();
  return out;
}

std::string_view to_string(StepKind kind) {
  static constexpr std::string_view kNames[] = {"launch", "convert", "call",     "if",
                                                "loop",   "scalar",  "read-back"};
  return kNames[static_cast<size_t>(kind) % std::size(kNames)];
}

std::string layout_suffix(const Format& format) {
  return format.layout == Layout::linear() ? std::string() : ":" + format.layout.str();
}

SymbolValues tuning_values(const std::vector<Symbol>& symbols) {
  SymbolValues values;
  for (const Symbol& s : symbols) values.set(s.name, s.tune);
  return values;
}

SymbolValues largest_values(const std::vector<Symbol>& symbols) {
  SymbolValues values;
  for (const Symbol& s : symbols) values.set(s.name, s.max);
  return values;
}

void JsonWriter::separate() {
  if (!out_.empty() && out_.back() != '{' && out_.back() != '[' && out_.back() != ':') out_ += ',';
}

JsonWriter& JsonWriter::key(std::string_view name) {
  text(name);
  out_ += ':';
  return *this;
}

JsonWriter& JsonWriter::text(std::string_view value) {
  separate();
  out_ += '"';
  for (size_t at = 0; at < value.size();) {
    const char c = value[at];
    const auto code = static_cast<unsigned char>(c);
    const size_t length = utf8_length(value.substr(at));
    if (length != 1) {
      out_ += length == 0 ? "\xef\xbf\xbd" : value.substr(at, length);
      at += std::max<size_t>(length, 1);
      continue;
    }
    ++at;
    if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += c;
    } else if (code < 0x20 || code == 0x7f) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", code);
      out_ += escape;
    } else {
      out_ += c;
    }
  }
  out_ += '"';
  return *this;
}

JsonWriter& JsonWriter::number(int64_t value) {
  separate();
  out_ += std::to_string(value);
  return *this;
}

JsonWriter& JsonWriter::real(double value) {
  separate();
  out_ += std::isfinite(value) ? shortest(value) : "null";
  return *this;
}

JsonWriter& JsonWriter::flag(bool value) {
  separate();
  out_ += value ? "true" : "false";
  return *this;
}

JsonWriter& JsonWriter::begin(char bracket) {
  separate();
  out_ += bracket;
  return *this;
}

JsonWriter& JsonWriter::end(char bracket) {
  out_ += bracket;
  return *this;
}

}  // namespace tenfold
