// From the words of a command line to a model, and from it to a plan.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <tuple>

#include <fmt/format.h>

#include "cli.h"
#include "tenfold/io.h"

namespace tenfold::cli {

// A plan whose first bytes are damaged, cut off, or changed by a transfer as text is one that its
// loader shall refuse, not a file of another kind.
static bool like_a_plan(std::span<const std::byte> head) {
  constexpr size_t kMark = 8;
  static const std::vector<std::byte> plan = Plan().serialize();
  size_t equal = 0, leading = 0;
  for (size_t k = 0; k < std::min(head.size(), kMark); ++k) {
    equal += head[k] == plan[k];
    if (leading == k && head[k] == plan[k]) ++leading;
  }
  if (head.size() < kMark) return leading > 0 && leading == head.size();
  return equal >= 6 || leading >= 4;
}

bool is_plan_file(const std::string& path) {
  std::error_code none;
  if (!std::filesystem::is_regular_file(path, none)) return false;  // a pipe is read once
  std::ifstream in(path, std::ios::binary);
  std::vector<std::byte> head(64);
  in.read(reinterpret_cast<char*>(head.data()), 64);
  head.resize(static_cast<size_t>(in.gcount()));
  return Plan::sniff(head) || like_a_plan(head);
}

Target parse_target(const std::string& text) {
  try {
    return Target::parse(text);
  } catch (const Error& e) {
    throw UsageError("--target " + text + ": " + e.full());
  }
}

bool uses(const Plan& plan, DType type) {
  for (const Section& section : plan.sections)
    for (const Program& program : section.programs)
      for (const Step& step : program.steps) {
        if (step.problem.compute == type) return true;
        for (const auto* operands : {&step.problem.inputs, &step.problem.outputs})
          for (const Operand& o : *operands)
            if (o.format.dtype == type) return true;
      }
  return false;
}

std::string wrong_flags(const ModelOptions& options, const Diagnostics& problems) {
  ImportOptions plain = options.import;
  const ImportOptions defaults;
  std::string flags;
  const auto leave_out = [&](auto ImportOptions::* field, const char* name) {
    if (plain.*field == defaults.*field) return;
    plain.*field = defaults.*field;
    flags += (flags.empty() ? "" : " ") + std::string(name);
  };
  leave_out(&ImportOptions::outputs, "--output");
  leave_out(&ImportOptions::shapes, "--shape");
  leave_out(&ImportOptions::mean, "--mean");
  // A snapshot that is there and damaged is a fault of the file.
  const auto absent = [](const Diagnostic& d) { return d.code == Code::kNotFound; };
  if (std::any_of(problems.all().begin(), problems.all().end(), absent))
    leave_out(&ImportOptions::snapshot, "--snapshot");
  return flags.empty() || import_model(options.model, plain).failed ? std::string() : flags;
}

ImportedModel load_model(const ModelOptions& options, bool print_notes) {
  for (const std::string& file : options.model)
    if (is_plan_file(file))
      throw UsageError(options.model.size() > 1
                           ? file + ": a plan is a whole model: name it alone"
                           : file +
                                 " is a plan, compiled already; `tenfold inspect -v` shows its "
                                 "kernels, this verb needs the model that it was built from");
  ImportedModel model = import_model(options.model, options.import);
  if (print_notes)
    for (const Diagnostic& d : model.diagnostics.all())
      if (d.severity != Severity::kError) say("{}\n", d.str());
  if (model.failed) {
    std::string names;
    for (const std::string& m : options.model) names += (names.empty() ? "" : " ") + m;
    const size_t n = model.diagnostics.error_count();
    const std::string flags = wrong_flags(options, model.diagnostics);
    try {
      model.diagnostics.throw_if_errors(
          fmt::format("{}: {} problem{}", names, n, n == 1 ? "" : "s"));
    } catch (const Error& e) {
      if (!flags.empty()) throw UsageError(e.full() + "\n  without " + flags + " it imports");
      if (model.misnamed) throw UsageError(e.full());
      throw;
    }
  }
  return model;
}

void check_model(const ModelOptions& options) {
  try {
    if (options.model.size() == 1 && is_plan_file(options.model.front()))
      (void)Plan::load(options.model.front());
    else
      (void)load_model(options, false);
  } catch (const UsageError&) {
  }
}

Plan compile_model(const ImportedModel& model, const Target& target, Device* device,
                   const CompileFlags& flags, int threads, ProgressPrinter& progress,
                   Explanation* explanation) {
  flags.check();
  CompileOptions options;
  options.fp16 = flags.fp16;
  options.tf32 = flags.tf32;
  options.keep_taps = flags.keep_taps;
  options.timing = !flags.no_timing && device;
  options.threads = threads;
  options.exclude_rows = flags.without;
  options.seconds_limit = flags.time_limit;
  options.labels = model.labels;
  options.preprocess = model.preprocess;
  options.metadata["format"] = model.format;
  if (!model.graph.symbol("N") && !flags.batch.empty())
    throw Error(Code::kUnsupported, "the model fixes its batch size, so --batch cannot change it");
  int64_t largest = 0;
  for (int64_t n : flags.batch) largest = std::max(largest, n);
  std::vector<int64_t> sizes = flags.batch;
  std::sort(sizes.begin(), sizes.end());
  sizes.erase(std::unique(sizes.begin(), sizes.end()), sizes.end());
  for (int64_t n : sizes) {
    Profile profile;
    profile.tune.set("N", n);
    profile.range["N"] = {0, n};
    options.profiles.push_back(std::move(profile));
  }
  std::unique_ptr<TimingCache> cache;
  if (!flags.timing_cache.empty()) {
    check_output_file(flags.timing_cache);
    cache = TimingCache::load(flags.timing_cache);
  }
  options.timing_cache = cache.get();
  const Interruptible interruptible;
  options.progress = [&, report = progress.function()](const Progress& p) {
    return report(p) && !interruptible.asked();
  };
  Plan plan;
  try {
    plan = compile(model.graph, target, options, options.timing ? device : nullptr, explanation);
  } catch (const Error& e) {
    if (e.code() != Code::kCancelled || !interruptible.asked()) throw;
    if (cache) cache->save(flags.timing_cache);
    say("\ntenfold: interrupted{}\n",
        cache ? "; the times measured so far are in " + flags.timing_cache : "");
    interruptible.end();
    throw;
  }
  if (cache) cache->save(flags.timing_cache);
  for (const auto& [asked, type, flag] : {std::tuple{flags.fp16, DType::kF16, "--fp16"},
                                          std::tuple{flags.tf32, DType::kTF32, "--tf32"}})
    if (asked && !uses(plan, type))
      say("note: {} permits {}, but no kernel chosen for {} uses it\n", flag, to_string(type),
          target.name);
  return plan;
}

void say_without_effect(const ModelOptions& options, const std::string& flags) {
  const std::string imports = options.given();
  if (const std::string all = imports + (imports.empty() || flags.empty() ? "" : " ") + flags;
      !all.empty())
    say("note: {} is a plan, compiled already: {} has no effect\n", options.model.front(), all);
}

// Whether an input could be a picture: [N,C,H,W] of one or three channels.
static bool reads_pictures(const Graph& graph) {
  const auto picture = [&](ValueId input) {
    const Shape& dims = graph.type(input).shape;
    return dims.size() == 4 && (dims[1] == Dim(1) || dims[1] == Dim(3));
  };
  return std::any_of(graph.inputs().begin(), graph.inputs().end(), picture);
}

std::string preprocessing_of(const ImportedModel& model, const ModelOptions& options) {
  if (!model.preprocess.note.empty()) return model.preprocess.note;
  if (options.import.raw_input) return "none: --raw-input";
  if (!reads_pictures(model.graph)) return {};
  const std::string why =
      options.import.mean == "none"
          ? "--mean none, and no other flag says what the network expects"
          : "no package nor flag says what the network expects (--mean, --scale, --channel-order)";
  return "none: " + why + "; pictures go in as values from 0 to 255, colors as BGR";
}

Loaded load_or_compile(const ModelOptions& options, Device& device, CompileFlags flags, int threads,
                       const std::string& progress_mode, const AdjustFlags& adjust) {
  Loaded loaded;
  if (options.model.size() == 1 && is_plan_file(options.model.front())) {
    loaded.plan = Plan::load(options.model.front());
    say_without_effect(options, flags.given());
    return loaded;
  }
  loaded.model = std::make_unique<ImportedModel>(load_model(options));
  if (const std::string done = preprocessing_of(*loaded.model, options); !done.empty())
    say("preprocessing: {}\n", done);
  if (adjust) adjust(*loaded.model, flags);
  ProgressPrinter progress(progress_mode);
  loaded.plan = compile_model(*loaded.model, device.target(), &device, flags, threads, progress);
  return loaded;
}

}  // namespace tenfold::cli
