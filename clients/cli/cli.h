// What the verbs share: options, models, devices, progress, exit codes.
#pragma once

#include <chrono>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <nlohmann/json_fwd.hpp>

#include "tenfold/compile.h"
#include "tenfold/engine.h"
#include "tenfold/import.h"

namespace tenfold::cli {

// Exit statuses that scripts rely on.
enum Exit {
  kOk = 0,
  kOurs = 1,
  kUsage = 2,
  kUnsupported = 3,
  kCorrupt = 4,
  kAccuracy = 5,
  kResources = 6,
  kDevice = 7
};
int exit_for(Code code);
// Writes to stderr. What cannot be written there is lost: it is no reason to end.
void say_text(std::string_view text);
template <typename... Args>
void say(fmt::format_string<Args...> text, Args&&... args) {
  say_text(fmt::format(text, std::forward<Args>(args)...));
}
// The same on standard output.
void put_text(std::string_view text);
template <typename... Args>
void put(fmt::format_string<Args...> text, Args&&... args) {
  put_text(fmt::format(text, std::forward<Args>(args)...));
}
// Writes out what was put so far, and remembers whether that went wrong.
void flush_output();
// The same at the end. Error{kResource}: the disk is full; {kIo}: it went wrong otherwise.
void end_output();
// The text with control characters but line ends and tabs spelt out (\u001b, as JSON does): names
// come from files that nobody vouches for, and terminals obey them.
std::string printable(std::string_view text);
// From now on, whatever is said is a line of JSON: {"message": ...}.
void say_as_json(bool on);
// A document as a line of its own on stderr.
void say_line(const nlohmann::json& document);
// Prints a document on stdout; bytes of names that are no UTF-8 are replaced.
void print_document(const nlohmann::json& document);

// A mistake in how the command was called: status 2.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};
// An outcome that is not an error of ours but decides the status (accuracy).
struct ExitWith {
  int status;
};

// A verb describes itself on `app`: summary, options, examples. It returns what runs when chosen.
using Action = std::function<void()>;

// Each use of the option takes one value, and it may be used again: what follows a value is not
// swallowed, so the model may come after options.
CLI::Option* once_each(CLI::Option* option);

struct ModelOptions;

struct DeviceOptions {
  std::string device = "auto";
  int threads = 0;
  bool trust = false;
  void add(CLI::App& app);
  // Opens the device; `reason` says why it was picked. Error{kDevice} when it cannot be had.
  std::shared_ptr<Device> open(std::string* reason = nullptr) const;
  // The same for a model: where no device was named, a plan gets one of a kind it was built for.
  std::shared_ptr<Device> open_for(const ModelOptions& options,
                                   std::string* reason = nullptr) const;
};

struct ModelOptions {
  std::vector<std::string> model;
  ImportOptions import;
  const CLI::App* verb = nullptr;  // whose options these are
  // `plans`: whether the verb takes compiled plans as well.
  void add(CLI::App& app, bool plans = true);
  void add_import(CLI::App& app);
  // The import options that were given: "--mean --labels".
  std::string given() const;
  // Model and import options as words of another command, each after a space.
  std::string words() const;
};

struct CompileFlags {
  std::vector<int64_t> batch;
  bool fp16 = false, tf32 = false, no_timing = false, keep_taps = false;
  std::string timing_cache;
  std::vector<std::string> without;
  double time_limit = 0;
  void add(CLI::App& app);
  // The flags that were given, for messages: "--fp16 --batch".
  std::string given() const;
  // Throws a UsageError when `without` leaves out what no row is called.
  void check() const;
};

// While it lives, the first SIGINT only sets a flag; a second one ends the program as usual.
class Interruptible {
 public:
  Interruptible();
  ~Interruptible();
  Interruptible(const Interruptible&) = delete;
  Interruptible& operator=(const Interruptible&) = delete;
  bool asked() const;
  void end() const;  // as the signal would have ended the program

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Progress on stderr: a bar on a terminal, lines when piped, JSON lines, or nothing.
class ProgressPrinter {
 public:
  static void add(CLI::App& app, std::string& mode);
  explicit ProgressPrinter(const std::string& mode);
  ~ProgressPrinter();
  ProgressFn function();

 private:
  bool report(const Progress& p);
  std::string mode_, phase_;
  int shown_ = -1;
  bool open_line_ = false;
};

// How far one phase is: said when it takes more than a moment, or to programs; ten times a second.
class PhaseProgress {
 public:
  PhaseProgress(const std::string& mode, std::string phase)
      : printer_(mode), always_(mode == "json"), phase_(std::move(phase)) {}
  void at(int64_t done, int64_t total);
  // What reports to it, under its own name.
  ProgressFn function();

 private:
  using Clock = std::chrono::steady_clock;
  ProgressPrinter printer_;
  ProgressFn report_ = printer_.function();
  bool always_, told_ = false;
  std::string phase_;
  int64_t last_ = 0;
  Clock::time_point started_ = Clock::now(), shown_ = started_;
};

// A check of options: one of these words; the nearest is suggested.
std::function<std::string(const std::string&)> one_of(std::vector<std::string> words);
// A check of options: a number from `least` to `most`, and one at all.
std::function<std::string(const std::string&)> number_within(double least, double most);
bool is_plan_file(const std::string& path);
// Throws what is wrong with a model or plan that will not be used: something else is wrong, too,
// and neither is to hide the other. A mistake in the call is not looked for.
void check_model(const ModelOptions& options);
// Refuses a file that cannot be written before work is done for it. UsageError, Error{kIo}.
void check_output_file(const std::string& path);
// The same for one that cannot be read. Error{kNotFound, kIo}.
void check_input_file(const std::string& path);
// A machine's name as --target gives it; an unknown one is a mistake in the call.
Target parse_target(const std::string& text);
// Whether any step of the plan stores or computes in this type.
bool uses(const Plan& plan, DType type);
// The flags about outputs, shapes, snapshot and mean without which a model that could not be
// imported is fine: then the mistake is the call's. Empty: it is not.
std::string wrong_flags(const ModelOptions& options, const Diagnostics& problems);
// Prints warnings and notes to stderr; throws one Error with every problem when the import failed.
ImportedModel load_model(const ModelOptions& options, bool print_notes = true);
// Compiles an imported model for a target; `device` may be null (estimates).
Plan compile_model(const ImportedModel& model, const Target& target, Device* device,
                   const CompileFlags& flags, int threads, ProgressPrinter& progress,
                   Explanation* explanation = nullptr);

// Says which of the flags given for a plan file have no effect on it; `flags`: beside those of the
// import.
void say_without_effect(const ModelOptions& options, const std::string& flags);
// What is done to pictures before the network, or why nothing is; empty: it reads none.
std::string preprocessing_of(const ImportedModel& model, const ModelOptions& options);

struct Loaded {
  Plan plan;
  std::unique_ptr<ImportedModel> model;   // absent when a plan file was given
};
// A plan file is loaded, anything else imported and compiled for the device; `adjust` may change
// the flags once the model is known.
using AdjustFlags = std::function<void(const ImportedModel&, CompileFlags&)>;
Loaded load_or_compile(const ModelOptions& options, Device& device, CompileFlags flags, int threads,
                       const std::string& progress_mode, const AdjustFlags& adjust = {});

// One line with the device and why it was picked, to stderr.
void say_device(const Device& device, const std::string& reason);
// The extents of a value where nobody says any: what is fixed, else 1.
Extents usual_dims(const Binding& binding);
void set_usual_shapes(const Engine& engine, Context& context);
// 1, or the first extent of the inputs where it is fixed.
int64_t usual_batch(const Engine& engine);
// The text as one word of a command that can be pasted into a shell.
std::string shell_word(const std::string& text);
// The same for the name of a file, which no command takes for an option.
std::string file_word(const std::string& path);
std::string human_bytes(double bytes);

#define VERB(name) Action add_##name(CLI::App& app);
#include "verbs.def"
#undef VERB

}  // namespace tenfold::cli
