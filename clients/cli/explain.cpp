#include <algorithm>

#include <fmt/format.h>

#include "cli.h"

namespace tenfold::cli {
namespace {

struct ExplainOptions {
  ModelOptions model;
  DeviceOptions device;
  CompileFlags compile;
  std::string node, target, progress = "auto";
  bool json = false;
};

// Keeps the lines of regions whose names contain `node`; a name that none contains is a mistake.
void filter(Explanation& explanation, const std::string& node) {
  std::vector<std::string> names;
  for (const Explanation::Line& line : explanation.lines)
    if (std::find(names.begin(), names.end(), line.nodes) == names.end())
      names.push_back(line.nodes);
  std::erase_if(explanation.lines, [&](const Explanation::Line& line) {
    return line.nodes.find(node) == std::string::npos;
  });
  if (!explanation.lines.empty()) return;
  const std::string near = nearest_name(node, names);
  throw UsageError(fmt::format("--node {}: no layer's name contains it{}", node,
                               near.empty() ? "" : "; did you mean '" + near + "'?"));
}

void explain(ExplainOptions o) {
  std::shared_ptr<Device> device;
  Target target;
  if (o.target.empty()) {
    std::string reason;
    device = o.device.open(&reason);
    say_device(*device, reason);
    target = device->target();
  } else {
    target = parse_target(o.target);
    say("note: estimates for {}\n", target.name);
  }
  const ImportedModel model = load_model(o.model);
  Explanation explanation;
  {
    ProgressPrinter progress(o.progress);
    try {
      (void)compile_model(model, target, device.get(), o.compile, o.device.threads, progress,
                          &explanation);
    } catch (const Error& e) {
      if (e.code() != Code::kUnsupported) throw;
      if (o.json) explanation.remarks.push_back(e.full());
      put("{}", o.json ? explanation.json() + "\n" : explanation.text(o.node));
      say("tenfold: {}\n", e.full());
      throw ExitWith{exit_for(e.code())};
    }
  }
  if (!o.node.empty()) filter(explanation, o.node);
  put("{}", o.json ? explanation.json() + "\n" : explanation.text());
  if (!o.json) put("\n* chosen. Times are of one step at the tuning size.\n");
}

}  // namespace

Action add_explain(CLI::App& app) {
  app.description("Show every kernel considered for every layer, its time, or why it was refused");
  auto o = std::make_shared<ExplainOptions>();
  o->model.add(app, false);
  app.add_option("--node", o->node, "only regions whose layer names contain this");
  app.add_option("--target", o->target, "explain for another machine, by estimates");
  app.add_flag("--json", o->json, "print JSON");
  o->device.add(app);
  o->compile.add(app);
  ProgressPrinter::add(app, o->progress);
  app.footer(
      "Examples:\n  tenfold explain digits.tar.gz\n  tenfold explain net.tar.gz --node conv1 "
      "--fp16 --target cuda:h200");
  return [o] { explain(*o); };
}

}  // namespace tenfold::cli
