#include "tenfold/diag.h"

#include <algorithm>
#include <memory>
#include <mutex>

namespace tenfold {

std::string_view to_string(Code code) {
  switch (code) {
    case Code::kOk: return "ok";
    case Code::kInvalid: return "invalid";
    case Code::kUnsupported: return "unsupported";
    case Code::kNotFound: return "not-found";
    case Code::kIo: return "io";
    case Code::kResource: return "resource";
    case Code::kDevice: return "device";
    case Code::kCancelled: return "cancelled";
    case Code::kInternal: return "internal";
  }
  return "unknown";
}

Error::Error(Code code, const std::string& message, std::vector<std::string> notes)
    : std::runtime_error(message), code_(code), notes_(std::move(notes)) {}

std::string Error::full() const {
  std::string text = what();
  for (const std::string& note : notes_) text += "\n  " + note;
  return text;
}

void Status::or_throw() const {
  if (ok()) return;
  std::string message = what_;
  if (detail_ != 0) message += " (" + std::to_string(detail_) + ")";
  throw Error(code_, message);
}

std::string Diagnostic::str() const {
  std::string text = file;
  if (line > 0) text += ":" + std::to_string(line);
  if (offset >= 0) text += (text.empty() ? "byte " : ", byte ") + std::to_string(offset);
  if (!text.empty()) text += ": ";
  if (severity == Severity::kWarning) text += "warning: ";
  if (severity == Severity::kNote) text += "note: ";
  if (!layer.empty()) text += "layer '" + layer + "': ";
  text += reason;
  if (!hint.empty()) text += " (" + hint + ")";
  return text;
}

void Diagnostics::error(Code code, std::string layer, std::string reason, std::string hint) {
  Diagnostic d;
  d.code = code;
  d.file = file_;
  d.layer = std::move(layer);
  d.reason = std::move(reason);
  d.hint = std::move(hint);
  add(std::move(d));
}

void Diagnostics::warn(std::string layer, std::string reason) {
  error(Code::kOk, std::move(layer), std::move(reason));
  list_.back().severity = Severity::kWarning;
}

void Diagnostics::note(std::string layer, std::string reason) {
  error(Code::kOk, std::move(layer), std::move(reason));
  list_.back().severity = Severity::kNote;
}

size_t Diagnostics::error_count() const {
  return static_cast<size_t>(std::count_if(list_.begin(), list_.end(), [](const Diagnostic& d) {
    return d.severity == Severity::kError;
  }));
}

void Diagnostics::sort_by_line() {
  for (auto from = list_.begin(); from != list_.end();) {
    const auto to = std::find_if(from, list_.end(), [&](const Diagnostic& d) {
      return d.line <= 0 || d.file != from->file;
    });
    std::stable_sort(from, to,
                     [](const Diagnostic& a, const Diagnostic& b) { return a.line < b.line; });
    from = to == from ? from + 1 : to;
  }
}

Code Diagnostics::worst() const {
  // Later in this list is more severe.
  static constexpr Code kOrder[] = {Code::kCancelled,   Code::kDevice,   Code::kResource,
                                    Code::kUnsupported, Code::kNotFound, Code::kIo,
                                    Code::kInvalid,     Code::kInternal};
  const auto rank = [](Code code) { return std::find(std::begin(kOrder), std::end(kOrder), code); };
  Code worst = Code::kOk;
  for (const Diagnostic& d : list_) {
    if (d.severity != Severity::kError) continue;
    if (worst == Code::kOk || rank(d.code) > rank(worst)) worst = d.code;
  }
  return worst;
}

void Diagnostics::throw_if_errors(const std::string& headline) const {
  if (error_count() == 0) return;
  std::vector<std::string> notes;
  for (const Diagnostic& d : list_)
    if (d.severity == Severity::kError) notes.push_back(d.str());
  throw Error(worst(), headline, std::move(notes));
}

namespace {
std::mutex sink_mutex;
std::shared_ptr<const LogSink>& sink_slot() {
  static std::shared_ptr<const LogSink> sink;
  return sink;
}
}  // namespace

void set_log_sink(LogSink sink) {
  auto next = sink ? std::make_shared<const LogSink>(std::move(sink)) : nullptr;
  const std::lock_guard<std::mutex> lock(sink_mutex);
  sink_slot() = std::move(next);
}

void log(Severity severity, std::string_view line) {
  std::shared_ptr<const LogSink> sink;
  {
    const std::lock_guard<std::mutex> lock(sink_mutex);
    sink = sink_slot();
  }
  if (sink) (*sink)(severity, line);
}

}  // namespace tenfold
