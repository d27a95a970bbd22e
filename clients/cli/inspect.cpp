#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli.h"

namespace tenfold::cli {
namespace {

struct InspectOptions {
  ModelOptions model;
  std::string diff, pass;
  bool json = false, verbose = false, canonical = false;
};

void inspect_plan(const InspectOptions& o) {
  const Plan plan = Plan::load(o.model.model.front(), LoadOptions{true});
  say_without_effect(o.model, o.canonical ? "--canonical" : !o.pass.empty() ? "--stop-after" : "");
  if (!o.diff.empty()) {
    const std::vector<std::string> lines = Plan::diff(plan, Plan::load(o.diff, LoadOptions{true}));
    if (o.json) {
      print_document({{"differences", lines}});
      return;
    }
    for (const std::string& line : lines) put("{}\n", line);
    if (lines.empty()) put("no differences\n");
    return;
  }
  put("{}\n", o.json ? plan.describe_json() : plan.describe(o.verbose));
}

void inspect_model(const InspectOptions& o) {
  if (!o.diff.empty()) throw UsageError("--diff compares two plans");
  ImportedModel model = load_model(o.model);
  if (!o.pass.empty()) {
    PassOptions options;
    options.stop_after = o.pass;
    const std::vector<std::string> names = pass_names();
    if (std::find(names.begin(), names.end(), o.pass) == names.end()) {
      std::string all;
      for (const std::string& n : names) all += " " + n;
      const std::string near = nearest_name(o.pass, names);
      throw UsageError(fmt::format("no pass is named '{}'{}; passes in order:{}", o.pass,
                                   near.empty() ? "" : "; did you mean '" + near + "'?", all));
    }
    canonicalize(model.graph, options);
  } else if (o.canonical) {
    canonicalize(model.graph);
  }
  if (!o.json) {
    put("{}\n", print(model.graph));
    if (!model.preprocess.note.empty()) put("preprocessing: {}\n", model.preprocess.note);
    return;
  }
  nlohmann::json doc{{"format", model.format},
                     {"graph", print(model.graph)},
                     {"labels", model.labels.size()},
                     {"nodes", model.graph.order().size()},
                     {"preprocessing", model.preprocess.note}};
  for (ValueId v : model.graph.inputs())
    doc["inputs"].push_back(
        {{"name", model.graph.value(v).name}, {"type", model.graph.type(v).str()}});
  for (const GraphOutput& v : model.graph.outputs())
    doc["outputs"].push_back({{"name", v.name}, {"type", model.graph.type(v.value).str()}});
  print_document(doc);
}

}  // namespace

Action add_inspect(CLI::App& app) {
  app.description("Show what a plan or model contains");
  auto o = std::make_shared<InspectOptions>();
  o->model.add(app);
  app.add_option("--diff", o->diff, "another plan: print what differs");
  app.add_flag("--canonical", o->canonical, "of a model: the graph after all passes");
  app.add_option("--stop-after", o->pass, "of a model: the graph after this pass");
  app.add_flag("-v,--verbose", o->verbose, "every step with its Problem");
  app.add_flag("--json", o->json, "print JSON");
  app.footer(
      "Examples:\n  tenfold inspect net.plan -v\n  tenfold inspect a.plan --diff b.plan\n  tenfold "
      "inspect digits.tar.gz --canonical");
  return [o] {
    if (o->model.model.size() == 1 && is_plan_file(o->model.model.front()))
      inspect_plan(*o);
    else
      inspect_model(*o);
  };
}

}  // namespace tenfold::cli
