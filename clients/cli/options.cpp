// The options that verbs share: devices, models, flags of a build.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli.h"

namespace tenfold::cli {

void DeviceOptions::add(CLI::App& app) {
  app.add_option("--device", device,
                 "cpu, cuda:K, or auto (a GPU if one can be used, else the CPU)")
      ->capture_default_str();
  app.add_option("--threads", threads, "CPU threads (0: all)")
      ->check(CLI::Range(0, kMaxThreads))
      ->capture_default_str();
  app.add_flag("--trust", trust,
               "run machine code that a plan carries instead of generating it anew");
}

std::shared_ptr<Device> DeviceOptions::open(std::string* reason) const {
  DeviceRef ref;
  if (device.empty()) throw UsageError("--device is empty: give cpu, cuda:K or auto");
  if (device == "auto") {
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

std::shared_ptr<Device> DeviceOptions::open_for(const ModelOptions& options,
                                                std::string* reason) const {
  const bool named = device != "auto";
  if (named || options.model.size() != 1 || !is_plan_file(options.model.front()))
    return open(reason);
  const std::vector<Section> sections = Plan::load(options.model.front()).sections;
  std::shared_ptr<Device> usual = open(reason);
  const auto fits = [&](const Section& s) { return s.target.kind == usual->target().kind; };
  if (sections.empty() || std::any_of(sections.begin(), sections.end(), fits)) return usual;
  const Target& target = sections.front().target;
  const std::string built =
      fmt::format("{} was built for {} {}", options.model.front(), target.kind, target.name);
  try {
    std::shared_ptr<Device> other = open_device({target.kind, 0});
    if (reason) *reason = built;
    return other;
  } catch (const Error& e) {
    throw Error(Code::kDevice, built + ": " + e.what(), e.notes());
  }
}

CLI::Option* once_each(CLI::Option* option) { return option->take_all()->allow_extra_args(false); }

// "1,4,8" appended to `sizes`.
static void read_batches(const std::string& text, std::vector<int64_t>& sizes) {
  constexpr int64_t kLargest = int64_t{1} << 20;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    int64_t size = 0;
    const auto [rest, failure] = std::from_chars(text.data() + at, text.data() + end, size);
    if (failure != std::errc() || rest != text.data() + end || size < 1 || size > kLargest)
      throw UsageError(
          fmt::format("--batch {}: give sizes from 1 to {}, such as 1,8", text, kLargest));
    sizes.push_back(size);
    at = end + 1;
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

std::function<std::string(const std::string&)> one_of(std::vector<std::string> words) {
  return [words = std::move(words)](const std::string& text) -> std::string {
    if (std::find(words.begin(), words.end(), text) != words.end()) return {};
    const std::string near = nearest_name(text, words);
    return fmt::format("'{}' is none of: {}{}", text, fmt::join(words, ", "),
                       near.empty() ? "" : "; did you mean '" + near + "'?");
  };
}

std::function<std::string(const std::string&)> number_within(double least, double most) {
  return [=](const std::string& text) -> std::string {
    char* rest = nullptr;
    const double value = std::strtod(text.c_str(), &rest);
    if (!text.empty() && *rest == '\0' && value >= least && value <= most) return {};
    return fmt::format("{} is no number from {} to {}", text, least, most);
  };
}

// What is wrong with --mean; empty: nothing.
static std::string mean_problem(const std::string& text) {
  for (const char* word : {"auto", "none", "image", "pixel"})
    if (text == word) return {};
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    const std::string number = text.substr(at, end - at);
    char* rest = nullptr;
    const double value = std::strtod(number.c_str(), &rest);
    if (number.empty() || *rest != '\0' || !std::isfinite(value))
      return "'" + text + "' is no mean: auto, none, image, pixel, or values such as 104,117,123";
    at = end + 1;
  }
  return {};
}

constexpr const char* kImportGroup = "Import";

void ModelOptions::add(CLI::App& app, bool plans) {
  app.add_option("model", model,
                 std::string(plans ? "a plan, " : "") +
                     "a DIGITS package (.tar.gz, .zip, folder), or a prototxt and a caffemodel")
      ->required();
  add_import(app);
}

static std::vector<const CLI::Option*> given_imports(const CLI::App* verb) {
  std::vector<const CLI::Option*> list;
  if (verb)
    for (const CLI::Option* option : verb->get_options())
      if (option->get_group() == kImportGroup && option->count() > 0) list.push_back(option);
  return list;
}

std::string ModelOptions::given() const {
  std::string names;
  for (const CLI::Option* option : given_imports(verb))
    names += (names.empty() ? "--" : " --") + option->get_lnames().front();
  return names;
}

std::string ModelOptions::words() const {
  std::string words;
  for (const std::string& m : model) words += " " + file_word(m);
  for (const CLI::Option* option : given_imports(verb)) {
    const std::string name = " --" + option->get_lnames().front();
    if (option->get_items_expected_max() == 0) {
      words += name;
      continue;
    }
    for (const std::string& value : option->results()) words += name + " " + shell_word(value);
  }
  return words;
}

void ModelOptions::add_import(CLI::App& app) {
  const std::string group = kImportGroup;
  verb = &app;
  app.add_flag("--raw-input", import.raw_input,
               "leave preprocessing out: inputs are the network's own tensors")
      ->group(group);
  app.add_option("--mean", import.mean, "auto, none, image, pixel, or values such as 104,117,123")
      ->check(mean_problem)
      ->group(group)
      ->capture_default_str();
  app.add_option("--mean-file", import.mean_file, "a .binaryproto or .npy mean")->group(group);
  app.add_option("--scale", import.scale, "factor applied after the mean (0: as the package says)")
      ->check(number_within(-1e30, 1e30))
      ->group(group);
  app.add_option("--channel-order", import.channel_order, "rgb or bgr: what the network expects")
      ->check(one_of({"rgb", "bgr"}))
      ->group(group);
  app.add_option("--labels", import.labels_file,
                 "a file with a label a line; blank lines do not count")
      ->group(group);
  app.add_option("--snapshot", import.snapshot,
                 "which snapshot of a DIGITS package (default: the newest)")
      ->group(group);
  app.add_flag("--random-weights", import.random_weights,
               "give a model without weights seeded random ones")
      ->group(group);
  once_each(app.add_option_function<std::vector<std::string>>(
                "--shape",
                [this](const std::vector<std::string>& list) {
                  for (const std::string& text : list) read_shape(text, import.shapes);
                },
                "NAME=1,3,480,640: the shape of an input, instead of the file's"))
      ->type_name("TEXT")
      ->group(group);
  once_each(app.add_option("--output", import.outputs,
                           "name of an output, once per output (default: the model's own)"))
      ->group(group);
}

void CompileFlags::add(CLI::App& app) {
  const std::string group = "Build";
  once_each(app.add_option_function<std::vector<std::string>>(
                "--batch",
                [this](const std::vector<std::string>& list) {
                  for (const std::string& text : list) read_batches(text, batch);
                },
                "N[,N..]: batch sizes to tune for, the largest is the plan's maximum (default: "
                "tuned for 1, maximum 64)"))
      ->type_name("TEXT")
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
  once_each(
      app.add_option("--without", without, "leave out rows whose names start so, e.g. onednn."))
      ->delimiter(',')
      ->group(group);
  app.add_option("--time-limit", time_limit, "seconds that timing may take (0: no limit)")
      ->check(number_within(0, 1e9))
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
  add(keep_taps, "--keep-taps");
  add(!batch.empty(), "--batch");
  return flags;
}

void CompileFlags::check() const {
  std::vector<std::string> names;
  for (const Row* row : all_rows()) names.emplace_back(row->name());
  std::vector<std::string> known = names;  // and what whole groups begin with
  for (const std::string& name : names) known.push_back(name.substr(0, name.find('.') + 1));
  for (const std::string& prefix : without) {
    if (std::any_of(names.begin(), names.end(),
                    [&](const std::string& n) { return n.substr(0, prefix.size()) == prefix; }))
      continue;
    const std::string near = nearest_name(prefix, known);
    throw UsageError(
        fmt::format("--without {}: no row's name starts so{}; `tenfold devices "
                    "--rows` lists them",
                    prefix, near.empty() ? "" : "; did you mean '" + near + "'?"));
  }
}

}  // namespace tenfold::cli
