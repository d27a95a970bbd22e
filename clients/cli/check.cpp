#include <random>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

#include "cli.h"
#include "differences.h"
#include "tenfold/io.h"

namespace tenfold::cli {
namespace {

struct CheckOptions {
  ModelOptions model;
  DeviceOptions device;
  CompileFlags compile;
  std::string progress = "auto";
  int64_t seed = 1;
  bool json = false, structure_only = false;
};

constexpr char kComparing[] = "comparing with the reference kernels";

Named random_inputs(const std::vector<Binding>& bindings, uint64_t seed) {
  Named inputs;
  std::mt19937_64 rng(seed);
  std::normal_distribution<double> normal;
  std::uniform_int_distribution<int> pixel(0, 255);
  for (const Binding& b : bindings) {
    if (!b.is_input) continue;
    Tensor t(b.type.dtype, usual_dims(b));
    for (int64_t k = 0; k < t.count(); ++k)
      store_element(b.type.dtype, t.mutable_data(), k,
                    is_float(b.type.dtype) ? normal(rng) : pixel(rng));
    inputs[b.name] = t;
  }
  return inputs;
}

// A context bound for the inputs of random_inputs: memory that cannot be had is refused before any
// of it is filled.
std::unique_ptr<Context> ready(Engine& engine) {
  auto context = engine.create_context();
  set_usual_shapes(engine, *context);
  context->bind();
  for (size_t k = 0; k < engine.bindings().size(); ++k)
    (void)Tensor(engine.bindings()[k].type.dtype, context->shape(static_cast<int>(k)));
  return context;
}

void finish(const CheckOptions& o, const std::vector<Difference>& differences,
            const std::vector<std::string>& notes, const std::string& subject,
            const std::string& precision = {}, const std::vector<std::string>& unsaid = {}) {
  bool ok = true;
  nlohmann::json doc{{"subject", subject}, {"problems", nlohmann::json::array()}, {"notes", notes}};
  if (!precision.empty()) doc["precision"] = precision;
  for (const Difference& d : differences) {
    ok = ok && d.ok;
    doc["outputs"].push_back({{"name", d.output},
                              {"max_abs", d.largest},
                              {"share_of_bound", d.allowed_share},
                              {"cosine", d.cosine},
                              {"not_numbers", d.not_numbers},
                              {"rounding", d.rounding},
                              {"ok", d.ok}});
  }
  doc["ok"] = ok;
  if (o.json) {
    print_document(doc);
  } else {
    for (const Difference& d : differences)
      put("{}: {} largest difference {:.3g} ({:.1f} % of what is allowed), cosine {:.9f}\n",
          d.output, d.ok ? "ok," : "WRONG,", d.largest, 100 * d.allowed_share, d.cosine);
    for (const Difference& d : differences)
      if (d.not_numbers > 0)
        put("warning: {}: {} of {} values are NaN, here and by the reference kernels\n", d.output,
            d.not_numbers, d.count);
    for (const Difference& d : differences)
      if (d.rounding > 0 && d.ok)
        put("warning: {}: the network magnifies roundings: inputs changed in the last place change "
            "the reference's own answer by {:.3g}; {:.0f} times as much was allowed\n",
            d.output, d.rounding, kRoundings);
    for (const std::string& note : unsaid) put("note: {}\n", note);
    put("{}{}: {}\n", subject, precision.empty() ? "" : " (" + precision + ")",
        ok ? "no problem found"
           : "differs from the reference kernels; `tenfold explain` shows the kernels");
  }
  if (!ok) throw ExitWith{kAccuracy};
}

// The device to run the plan on; where there is none, what can be checked without.
std::shared_ptr<Device> device_for(const CheckOptions& o) {
  try {
    return o.device.open_for(o.model);
  } catch (const Error& e) {
    std::vector<std::string> notes = e.notes();
    if (e.code() == Code::kDevice)
      notes.emplace_back("--structure checks the file alone, on any machine");
    throw Error(e.code(), e.what(), std::move(notes));
  }
}

void check_plan(const CheckOptions& o) {
  const std::string& file = o.model.model.front();
  const Plan plan = Plan::load(file, LoadOptions{true});
  plan.verify();
  say_without_effect(o.model, o.compile.given());
  if (o.structure_only) return finish(o, {}, {"structure and checksums only"}, file);
  const std::shared_ptr<Device> device = device_for(o);
  const auto engine =
      Engine::create(plan, device, EngineOptions{o.device.threads, o.device.trust, 0, false});
  const auto context = ready(*engine);
  const auto inputs = random_inputs(engine->bindings(), static_cast<uint64_t>(o.seed));
  const auto got = context->run(inputs);
  const DType precision = precision_of(engine->section());
  const auto differences = [&] {
    PhaseProgress progress(o.progress, kComparing);
    const auto reference = Engine::create(
        plan, host_device(), EngineOptions{o.device.threads, false, 0, true, progress.function()});
    return differences_of(got, inputs, precision,
                          [&](const Named& in) { return reference->create_context()->run(in); });
  }();
  finish(o, differences, engine->messages(), file, std::string(to_string(precision)),
         engine->messages());
}

std::string subject_of(const CheckOptions& o) {
  return fmt::format("{}", fmt::join(o.model.model, " "));
}

// What ended the check, as `--json` has it.
void report_error(const CheckOptions& o, const Error& e) {
  print_document({{"ok", false},
                  {"subject", subject_of(o)},
                  {"problems",
                   {{{"severity", "error"},
                     {"code", to_string(e.code())},
                     {"file", subject_of(o)},
                     {"reason", e.what()},
                     {"notes", e.notes()}}}}});
}

void report_problems(const CheckOptions& o, const Diagnostics& diagnostics) {
  nlohmann::json problems = nlohmann::json::array();
  for (const Diagnostic& d : diagnostics.all()) {
    const char* severity = d.severity == Severity::kError     ? "error"
                           : d.severity == Severity::kWarning ? "warning"
                                                              : "note";
    if (!o.json) {
      put("{}{}\n", d.severity == Severity::kError ? "error: " : "", d.str());
      continue;
    }
    problems.push_back({{"severity", severity},
                        {"code", to_string(d.code)},
                        {"file", d.file},
                        {"line", d.line},
                        {"offset", d.offset},
                        {"layer", d.layer},
                        {"reason", d.reason},
                        {"hint", d.hint}});
  }
  if (o.json) print_document({{"ok", false}, {"problems", problems}});
}

void check_model(const CheckOptions& o) {
  const std::string subject = subject_of(o);
  for (const std::string& m : o.model.model)
    if (is_plan_file(m)) throw UsageError(m + ": a plan is a whole model: name it alone");
  const ImportedModel model = import_model(o.model.model, o.model.import);
  if (model.failed) {
    report_problems(o, model.diagnostics);
    const std::string flags = wrong_flags(o.model, model.diagnostics);
    if (!o.json)
      put("{}: {} problem{}{}\n", subject, model.diagnostics.error_count(),
          model.diagnostics.error_count() == 1 ? "" : "s",
          flags.empty() ? "" : "; without " + flags + " it imports");
    throw ExitWith{model.misnamed || !flags.empty() ? kUsage : exit_for(model.diagnostics.worst())};
  }
  std::vector<std::string> notes;
  for (const Diagnostic& d : model.diagnostics.all()) notes.push_back(d.str());
  if (const std::string done = preprocessing_of(model, o.model); !done.empty())
    notes.push_back("preprocessing: " + done);
  if (!o.json)
    for (const std::string& note : notes) put("{}\n", note);
  const Diagnostics broken = verify(model.graph);
  broken.throw_if_errors("the imported graph is broken");
  if (o.structure_only) return finish(o, {}, notes, subject);
  const std::shared_ptr<Device> device = o.device.open();
  ProgressPrinter progress(o.progress);
  const Plan plan =
      compile_model(model, device->target(), device.get(), o.compile, o.device.threads, progress);
  const auto engine =
      Engine::create(plan, device, EngineOptions{o.device.threads, o.device.trust, 0, false});
  const auto context = ready(*engine);
  const auto inputs = random_inputs(engine->bindings(), static_cast<uint64_t>(o.seed));
  const auto got = context->run(inputs);
  const DType precision = precision_of(engine->section());
  const auto differences = [&] {
    PhaseProgress progress(o.progress, kComparing);
    return differences_of(got, inputs, precision, [&](const Named& in) {
      Named named;
      const auto values = evaluate_reference(model.graph, in, progress.function());
      for (size_t k = 0; k < values.size(); ++k) named[model.graph.outputs()[k].name] = values[k];
      return named;
    });
  }();
  finish(o, differences, notes, subject, std::string(to_string(precision)));
}

}  // namespace

Action add_check(CLI::App& app) {
  app.description(
      "List every problem of a model or plan and compare it with the reference kernels");
  auto o = std::make_shared<CheckOptions>();
  o->model.add(app);
  app.add_option("--seed", o->seed, "of the random inputs")->capture_default_str();
  app.add_flag("--structure", o->structure_only, "do not run anything: import, verify, checksums");
  app.add_flag("--json", o->json, "print JSON");
  o->device.add(app);
  o->compile.add(app);
  ProgressPrinter::add(app, o->progress);
  app.footer(
      "Examples:\n  tenfold check net.plan\n  tenfold check deploy.prototxt net.caffemodel --json\n"
      "Exit status 5: the answers differ from the reference kernels'.");
  return [o] {
    try {
      if (o->model.model.size() == 1 && is_plan_file(o->model.model.front()))
        check_plan(*o);
      else
        check_model(*o);
    } catch (const Error& e) {
      if (!o->json) throw;
      report_error(*o, e);
      say("tenfold: {}\n", e.full());
      throw ExitWith{exit_for(e.code())};
    }
  };
}

}  // namespace tenfold::cli
