#include <chrono>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli.h"

namespace tenfold::cli {
namespace {

struct BuildOptions {
  ModelOptions model;
  DeviceOptions device;
  CompileFlags compile;
  std::string output, target, progress = "auto";
  bool json = false;
};

// The machine to build for: --target, else the device's. Without the device at hand, estimates
// decide.
Target choose_target(BuildOptions& o, std::shared_ptr<Device>& device) {
  std::string reason;
  if (o.target.empty()) {
    device = o.device.open(&reason);
    say_device(*device, reason);
    return device->target();
  }
  const Target target = parse_target(o.target);
  if (o.compile.no_timing) return target;
  try {
    const std::string wanted = o.device.device == "auto" ? target.kind : o.device.device;
    if (DeviceRef::parse(wanted).kind != target.kind)
      throw UsageError(
          fmt::format("--device {} cannot time kernels for --target {}", wanted, o.target));
    device = open_device(DeviceRef::parse(wanted));
    if (device->target().kind == target.kind && device->target().name == target.name)
      return device->target();
    reason = fmt::format("the {} here is {}", target.kind, device->target().name);
  } catch (const Error& e) {
    reason = e.what();
  }
  say("note: kernels for {} are chosen by estimates: {}\n", target.name, reason);
  device.reset();
  return target;
}

// Whether the file lies in the folder; both are there.
bool lies_in(const std::string& file, const std::string& folder) {
  std::error_code error;
  const auto at = std::filesystem::canonical(file, error);
  const auto top = std::filesystem::canonical(folder, error);
  return !error && std::mismatch(top.begin(), top.end(), at.begin(), at.end()).first == top.end();
}

// The plan replaces none of the files that it is made from or with; of those in a model's folder
// only an earlier plan.
void check_sources_stay(const BuildOptions& o) {
  namespace fs = std::filesystem;
  const auto refuse = [&](const char* what) {
    throw UsageError(o.output + ": the plan would replace " + what);
  };
  const auto same = [&](const std::string& source) {
    std::error_code absent;
    return !source.empty() && (source == o.output || fs::equivalent(source, o.output, absent));
  };
  std::error_code absent;
  for (const std::string& source : o.model.model) {
    if (same(source)) refuse("its own model");
    if (fs::is_directory(source, absent) && fs::is_regular_file(o.output, absent) &&
        lies_in(o.output, source) && !is_plan_file(o.output))
      refuse("a file of its own model");
  }
  if (same(o.compile.timing_cache)) refuse("the timing cache");
  if (same(o.model.import.mean_file)) refuse("the mean file");
  if (same(o.model.import.labels_file)) refuse("the labels");
}

void report(const BuildOptions& o, const Plan& plan, const Target& target, uintmax_t bytes,
            double seconds, const std::string& preprocessing) {
  const std::vector<Program>& programs = plan.sections.front().programs;
  size_t steps = 0;
  for (const Program& p : programs) steps += p.steps.size();
  if (o.json)
    return print_document({{"plan", o.output},
                           {"bytes", bytes},
                           {"target", target.name},
                           {"programs", programs.size()},
                           {"steps", steps},
                           {"seconds", seconds},
                           {"preprocessing", preprocessing}});
  put("{}: {} for {}, {} program{}, {} steps, built in {:.1f} s\n", o.output,
      human_bytes(static_cast<double>(bytes)), target.name, programs.size(),
      programs.size() == 1 ? "" : "s", steps, seconds);
  if (!preprocessing.empty()) put("preprocessing: {}\n", preprocessing);
  put("next: tenfold bench {0}   or   tenfold inspect {0}\n", file_word(o.output));
}

void build(BuildOptions o) {
  const auto started = std::chrono::steady_clock::now();
  check_output_file(o.output);
  check_sources_stay(o);
  std::shared_ptr<Device> device;
  const Target target = choose_target(o, device);
  const ImportedModel model = load_model(o.model);
  Plan plan;
  {
    ProgressPrinter progress(o.progress);
    plan = compile_model(model, target, device.get(), o.compile, o.device.threads, progress);
  }
  const Interruptible until_saved;  // no part of a file is left
  plan.save(o.output);
  if (until_saved.asked()) until_saved.end();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  std::error_code special;  // a device or pipe has no size
  const uintmax_t size = std::filesystem::file_size(o.output, special);
  const uintmax_t bytes = special ? plan.serialize().size() : size;
  report(o, plan, target, bytes, seconds, preprocessing_of(model, o.model));
}

}  // namespace

Action add_build(CLI::App& app) {
  app.description("Compile a model to a plan file");
  auto o = std::make_shared<BuildOptions>();
  o->model.add(app, false);
  app.add_option("-o,--plan", o->output, "the plan file to write")->required();
  app.add_option("--target", o->target,
                 "machine to build for (default: the device's), e.g. cpu, cuda:h200");
  o->device.add(app);
  o->compile.add(app);
  ProgressPrinter::add(app, o->progress);
  app.add_flag("--json", o->json, "print JSON");
  app.footer(
      "Examples:\n  tenfold build digits.tar.gz -o digits.plan\n"
      "  tenfold build deploy.prototxt net.caffemodel -o net.plan --batch 1,8 --timing-cache "
      "times.txt\n"
      "  tenfold build net.tar.gz -o net.plan --target cuda:h200 --fp16 --no-timing");
  return [o] { build(*o); };
}

}  // namespace tenfold::cli
