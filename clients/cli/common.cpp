#include <algorithm>
#include <cstdio>
#include <fstream>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "cli.h"
#include "tenfold/io.h"

namespace tenfold::cli {

int exit_for(Code code) {
  switch (code) {
    case Code::kOk: return kOk;
    case Code::kUnsupported: return kUnsupported;
    case Code::kInvalid:
    case Code::kNotFound:
    case Code::kIo: return kCorrupt;
    case Code::kResource: return kResources;
    case Code::kDevice: return kDevice;
    case Code::kCancelled:
    case Code::kInternal: return kOurs;
  }
  return kOurs;
}

void print_document(const nlohmann::json& document) {
  fmt::print("{}\n", document.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
}

void DeviceOptions::add(CLI::App& app) {
  app.add_option("--device", device,
                 "cpu, cuda:K, or auto (a GPU if one can be used, else the CPU)")
      ->capture_default_str();
  app.add_option("--threads", threads, "CPU threads (0: all)")
      ->check(CLI::Range(0, 4096))
      ->capture_default_str();
  app.add_flag("--trust", trust,
               "run machine code that a plan carries instead of generating it anew");
}

std::shared_ptr<Device> DeviceOptions::open(std::string* reason) const {
  DeviceRef ref;
  if (device == "auto" || device.empty()) {
    ref.kind = "auto";
  } else {
    try {
      ref = DeviceRef::parse(device);
    } catch (const Error& e) {
      throw UsageError(e.full());
    }
  }
  std::vector<std::string> kinds{"auto"};
  for (const Backend* b : backends()) kinds.emplace_back(b->kind());
  if (std::find(kinds.begin(), kinds.end(), ref.kind) == kinds.end()) {
    const std::string near = nearest_name(ref.kind, kinds);
    throw UsageError(fmt::format("no device is called '{}'{}; there are: {}", device,
                                 near.empty() ? "" : "; did you mean '" + near + "'?",
                                 fmt::join(kinds, ", ")));
  }
  try {
    return open_device(ref, reason);
  } catch (const Error& e) {
    throw Error(Code::kDevice, "device " + device + ": " + e.what(), e.notes());
  }
}

// "NAME=1,3,480,640" into `shapes`.
static void read_shape(const std::string& text, std::map<std::string, Extents>& shapes) {
  const size_t eq = text.rfind('=');
  try {
    if (eq == std::string::npos || eq == 0) throw Error(Code::kInvalid, "");
    shapes[text.substr(0, eq)] = const_extents(parse_shape(text.substr(eq + 1)));
  } catch (const Error&) {
    throw UsageError("--shape " + text + ": give NAME=1,3,480,640");
  }
}

void ModelOptions::add(CLI::App& app, bool positional) {
  if (positional)
    app.add_option(
           "model", model,
           "a plan, a DIGITS package (.tar.gz, .zip, folder), or a prototxt and a caffemodel")
        ->required();
  add_import(app);
}

void ModelOptions::add_import(CLI::App& app) {
  const std::string group = "Import";
  app.add_flag("--raw-input", import.raw_input,
               "leave preprocessing out: inputs are the network's own tensors")
      ->group(group);
  app.add_option("--mean", import.mean, "auto, none, image, pixel, or values such as 104,117,123")
      ->group(group)
      ->capture_default_str();
  app.add_option("--mean-file", import.mean_file, "a .binaryproto or .npy mean")->group(group);
  app.add_option("--scale", import.scale, "factor applied after the mean (0: as the package says)")
      ->group(group);
  app.add_option("--channel-order", import.channel_order, "rgb or bgr: what the network expects")
      ->check(CLI::IsMember({"rgb", "bgr"}))
      ->group(group);
  app.add_option("--labels", import.labels_file, "a file with a label a line")->group(group);
  app.add_option("--snapshot", import.snapshot,
                 "which snapshot of a DIGITS package (default: the newest)")
      ->group(group);
  app.add_flag("--random-weights", import.random_weights,
               "give a model without weights seeded random ones")
      ->group(group);
  app.add_option_function<std::vector<std::string>>(
         "--shape",
         [this](const std::vector<std::string>& list) {
           for (const std::string& text : list) read_shape(text, import.shapes);
         },
         "NAME=1,3,480,640: the shape of an input, instead of the file's")
      ->type_name("TEXT")
      ->take_all()
      ->group(group);
  app.add_option("--output", import.outputs, "names of the outputs (default: the model's own)")
      ->group(group);
}

void CompileFlags::add(CLI::App& app) {
  const std::string group = "Build";
  app.add_option("--batch", batch,
                 "batch sizes to tune for, the largest is the plan's maximum (default: tuned for "
                 "1, maximum 64)")
      ->delimiter(',')
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 20))
      ->group(group);
  app.add_flag("--fp16", fp16, "permit FP16 storage and products (select decides)")->group(group);
  app.add_flag("--tf32", tf32, "permit TF32 products")->group(group);
  app.add_flag("--no-timing", no_timing,
               "choose kernels by estimates: deterministic, needs no device")
      ->group(group);
  app.add_flag("--keep-taps", keep_taps, "fuse nothing, so that --tap can read every layer's value")
      ->group(group);
  app.add_option("--timing-cache", timing_cache, "file of kernel times, read and written")
      ->group(group);
  app.add_option("--without", without, "leave out rows whose names start so, e.g. onednn.")
      ->delimiter(',')
      ->group(group);
  app.add_option("--time-limit", time_limit, "seconds that timing may take (0: no limit)")
      ->group(group);
}

std::string CompileFlags::given() const {
  std::string flags;
  const auto add = [&](bool is_given, const char* name) {
    if (is_given) flags += (flags.empty() ? "" : " ") + std::string(name);
  };
  add(fp16, "--fp16");
  add(tf32, "--tf32");
  add(no_timing, "--no-timing");
  add(!timing_cache.empty(), "--timing-cache");
  add(!without.empty(), "--without");
  add(time_limit > 0, "--time-limit");
  return flags;
}

void CompileFlags::check() const {
  std::vector<std::string> names;
  for (const Row* row : all_rows()) names.emplace_back(row->name());
  for (const std::string& prefix : without) {
    if (std::any_of(names.begin(), names.end(),
                    [&](const std::string& n) { return n.substr(0, prefix.size()) == prefix; }))
      continue;
    const std::string near = nearest_name(prefix, names);
    throw UsageError(
        fmt::format("--without {}: no row's name starts so{}; `tenfold devices "
                    "--rows` lists them",
                    prefix, near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
}

// ---- progress
// ---------------------------------------------------------------------------------------

void ProgressPrinter::add(CLI::App& app, std::string& mode) {
  app.add_option("--progress", mode,
                 "auto (a bar on a terminal, lines when piped), bar, lines, json, none")
      ->check(CLI::IsMember({"auto", "bar", "lines", "json", "none"}))
      ->capture_default_str();
}

ProgressPrinter::ProgressPrinter(const std::string& mode) : mode_(mode) {
  if (mode_.empty() || mode_ == "auto") mode_ = isatty(STDERR_FILENO) ? "bar" : "lines";
}

ProgressPrinter::~ProgressPrinter() {
  if (open_line_) fmt::print(stderr, "\r\033[K");
}

ProgressFn ProgressPrinter::function() {
  return [this](const Progress& p) { return report(p); };
}

bool ProgressPrinter::report(const Progress& p) {
  if (mode_ == "none") return true;
  const bool fresh = phase_ != p.phase;
  const int percent = p.total > 0 ? static_cast<int>(100 * p.done / p.total) : -1;
  if (fresh) {
    phase_ = std::string(p.phase);
    shown_ = -1000;
  }
  if (mode_ == "json") {
    nlohmann::json j{{"phase", phase_}, {"done", p.done}, {"total", p.total}};
    if (p.eta_seconds >= 0) j["eta_s"] = p.eta_seconds;
    fmt::print(stderr, "{}\n", j.dump());
    return true;
  }
  std::string eta =
      p.eta_seconds >= 0 && percent < 100 ? fmt::format("  ETA {:.0f} s", p.eta_seconds) : "";
  if (mode_ == "bar") {
    std::string bar;
    if (percent >= 0)
      bar = fmt::format(" [{:<24}] {:3d} %",
                        std::string(static_cast<size_t>(percent) * 24 / 100, '#'), percent);
    fmt::print(stderr, "\r\033[K{}{}{}", phase_, bar, eta);
    std::fflush(stderr);
    open_line_ = true;
    return true;
  }
  if (fresh || percent >= shown_ + 20 || (percent == 100 && shown_ != 100)) {
    fmt::print(stderr, "{}{}{}\n", phase_, percent >= 0 ? fmt::format(" {} %", percent) : "", eta);
    shown_ = percent;
  }
  return true;
}

// ---- models
// -----------------------------------------------------------------------------------------

bool is_plan_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::vector<std::byte> head(64);
  in.read(reinterpret_cast<char*>(head.data()), 64);
  head.resize(static_cast<size_t>(in.gcount()));
  return Plan::sniff(head);
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

ImportedModel load_model(const ModelOptions& options, bool print_notes) {
  ImportedModel model = import_model(options.model, options.import);
  if (print_notes)
    for (const Diagnostic& d : model.diagnostics.all())
      if (d.severity != Severity::kError)
        fmt::print(stderr, "{}: {}\n", d.severity == Severity::kNote ? "note" : "warning", d.str());
  if (model.failed) {
    std::string names;
    for (const std::string& m : options.model) names += (names.empty() ? "" : " ") + m;
    const size_t n = model.diagnostics.error_count();
    model.diagnostics.throw_if_errors(fmt::format("{}: {} problem{}", names, n, n == 1 ? "" : "s"));
  }
  return model;
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
  options.progress = progress.function();
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
  if (!flags.timing_cache.empty()) cache = TimingCache::load(flags.timing_cache);
  options.timing_cache = cache.get();
  Plan plan = compile(model.graph, target, options, options.timing ? device : nullptr, explanation);
  if (cache) cache->save(flags.timing_cache);
  for (const auto& [asked, type, flag] : {std::tuple{flags.fp16, DType::kF16, "--fp16"},
                                          std::tuple{flags.tf32, DType::kTF32, "--tf32"}})
    if (asked && !uses(plan, type))
      fmt::print(stderr, "note: {} permits {}, but no kernel chosen for {} uses it\n", flag,
                 to_string(type), target.name);
  return plan;
}

Loaded load_or_compile(const ModelOptions& options, Device& device, const CompileFlags& flags,
                       int threads, const std::string& progress_mode) {
  Loaded loaded;
  if (options.model.size() == 1 && is_plan_file(options.model.front())) {
    loaded.plan = Plan::load(options.model.front());
    if (const std::string flags_given = flags.given(); !flags_given.empty())
      fmt::print(stderr, "note: {} is a plan, compiled already: {} has no effect\n",
                 options.model.front(), flags_given);
    return loaded;
  }
  loaded.model = std::make_unique<ImportedModel>(load_model(options));
  ProgressPrinter progress(progress_mode);
  loaded.plan = compile_model(*loaded.model, device.target(), &device, flags, threads, progress);
  return loaded;
}

void say_device(const Device& device, const std::string& reason) {
  fmt::print(stderr, "device: {} ({}){}\n", device.ref().str(), device.target().name,
             reason.empty() ? "" : ": " + reason);
}

std::string human_bytes(double bytes) {
  const char* units[] = {"B", "KiB", "MiB", "GiB"};
  int u = 0;
  while (bytes >= 1024 && u < 3) bytes /= 1024, ++u;
  return fmt::format("{:.{}f} {}", bytes, u ? 1 : 0, units[u]);
}

}  // namespace tenfold::cli
