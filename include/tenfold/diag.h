// Errors, statuses, diagnostics, logging and progress: how the library says what went wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace tenfold {

// What the caller can do about a failure. Few, and named by the remedy.
enum class Code : uint8_t {
  kOk = 0,
  kInvalid,      // the input's content is wrong: mend the file or the argument
  kUnsupported,  // the input is sound, but this build cannot do it
  kNotFound,     // a named thing (tensor, layer, row, device) does not exist
  kIo,           // a file or stream could not be read or written
  kResource,     // a limit (memory, size, time) would be exceeded
  kDevice,       // the device or its driver failed
  kCancelled,    // the caller asked to stop
  kInternal,     // a defect of Tenfold
};

// The code's name as printed in messages and JSON, e.g. "unsupported".
std::string_view to_string(Code code);

// The one exception type, thrown at build time. `notes` say what else is known and what to do next.
class Error : public std::runtime_error {
 public:
  Error(Code code, const std::string& message, std::vector<std::string> notes = {});
  Code code() const noexcept { return code_; }
  const std::vector<std::string>& notes() const noexcept { return notes_; }
  // Message followed by the notes, a line each.
  std::string full() const;

 private:
  Code code_;
  std::vector<std::string> notes_;
};

// Result of run-path calls: never allocates. `what` points to static text.
class [[nodiscard]] Status {
 public:
  constexpr Status() noexcept = default;
  constexpr Status(Code code, const char* what, int64_t detail = 0) noexcept
      : code_(code), what_(what), detail_(detail) {}
  constexpr bool ok() const noexcept { return code_ == Code::kOk; }
  constexpr Code code() const noexcept { return code_; }
  constexpr const char* what() const noexcept { return what_; }
  constexpr int64_t detail() const noexcept { return detail_; }  // e.g. a driver's error number
  void or_throw() const;  // Error unless ok

 private:
  Code code_ = Code::kOk;
  const char* what_ = "";
  int64_t detail_ = 0;
};

enum class Severity : uint8_t { kNote, kWarning, kError };

// One problem (or remark) found in an input, with its place.
struct Diagnostic {
  Severity severity = Severity::kError;
  Code code = Code::kInvalid;
  std::string file;  // path as the user gave it; "archive.tar.gz:member" inside archives
  int64_t line = 0;  // 1-based; 0: unknown
  int64_t offset = -1;  // byte offset in binary files; -1: unknown
  std::string layer;  // layer or node name; may be empty
  std::string reason;  // one sentence, no trailing period
  std::string hint;  // what to do, or the nearest known name; may be empty
  // "file:line: layer 'name': reason (hint)".
  std::string str() const;
};

// Collects diagnostics so that an importer reports every problem of a file at once.
class Diagnostics {
 public:
  void add(Diagnostic d) { list_.push_back(std::move(d)); }
  void error(Code code, std::string layer, std::string reason, std::string hint = {});
  void warn(std::string layer, std::string reason);
  void note(std::string layer, std::string reason);
  // Sets the file named by later error/warn/note calls.
  void set_file(std::string file) { file_ = std::move(file); }
  const std::string& file() const { return file_; }
  const std::vector<Diagnostic>& all() const { return list_; }
  size_t error_count() const;
  // The code that decides an exit status when several kinds are present:
  // kInvalid/kIo/kNotFound before kUnsupported before kResource; kOk without errors.
  Code worst() const;
  // Puts those of one file that name a line, and stand together, in the order of their lines.
  void sort_by_line();
  // Throws one Error holding every error as a note; no-op without errors.
  void throw_if_errors(const std::string& headline) const;

 private:
  std::string file_;
  std::vector<Diagnostic> list_;
};

// Receives log lines. The library itself never prints. Called from any thread.
using LogSink = std::function<void(Severity, std::string_view)>;
void set_log_sink(LogSink sink);
void log(Severity severity, std::string_view line);

// A long operation's report: `done` of `total` units of the current phase (total 0: unknown).
struct Progress {
  std::string_view phase;
  int64_t done = 0;
  int64_t total = 0;
  double eta_seconds = -1;  // -1: not known yet
};
// Returns false to cancel; the operation then throws Error{kCancelled}.
using ProgressFn = std::function<bool(const Progress&)>;

// The candidate closest to `name` by edit distance, empty if none is near; for suggestions.
std::string nearest_name(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace tenfold
