#include "tenfold/compile.h"

#include <algorithm>

#include "src/base/threads.h"
#include "src/compile/choice.h"
#include "src/compile/emit.h"
#include "src/compile/flow.h"
#include "src/compile/region.h"
#include "src/plan/sharing.h"
#include "src/plan/verify.h"
#include "tenfold/version.h"

namespace tenfold {
namespace {

using namespace select;

void mark_chosen(const Graph& graph, const Selection& selection, Explanation& explanation,
                 size_t first) {
  for (const Group& group : selection.groups) {
    const Candidate& c = group.chosen();
    if (!c.row) continue;
    const std::string name = region_name(graph, group.offer->region);
    const std::string problem = c.problem.str();
    for (size_t k = first; k < explanation.lines.size(); ++k) {
      Explanation::Line& line = explanation.lines[k];
      if (line.nodes == name && line.row == c.row->name() && line.problem == problem &&
          line.reason.empty()) {
        line.chosen = true;
        break;
      }
    }
  }
}

// Every step after the one before it: where machines run so anyway, memory is reused at once.
void run_in_order(Program& program) {
  for (uint32_t k = 1; k < program.steps.size(); ++k) {
    std::vector<uint32_t>& deps = program.steps[k].deps;
    if (deps.empty() || deps.back() != k - 1) deps.push_back(k - 1);
  }
}

void remark_program(const Program& program, const Section& section, int in_place,
                    Explanation& explanation) {
  int converts = 0, slices = 0;
  for (const Step& s : program.steps) converts += s.kind == StepKind::kConvert;
  for (const PlanBuffer& b : program.buffers) slices += b.inside >= 0;
  SymbolValues tune;
  for (const Symbol& s : program.symbols) tune.set(s.name, s.tune);
  const MemoryPlan memory = plan_memory(
      program, tune, std::vector<int64_t>(program.steps.size(), 0), nullptr, section.bindings);
  explanation.remarks.push_back(
      std::to_string(program.steps.size()) + " steps, " + std::to_string(converts) +
      " of them conversions; " + std::to_string(slices) + " values are slices, " +
      std::to_string(in_place) + " steps work in place; activations " +
      std::to_string(memory.peak) +
      " bytes at the tuning size (no plan in this step order takes less than " +
      std::to_string(memory.lower_bound) + ")");
}

[[noreturn]] void too_large(const Graph& graph, size_t count, const char* what) {
  throw Error(Code::kResource,
              "network '" + graph.name() + "' has " + std::to_string(count) + " " + what +
                  ": a plan's program holds " + std::to_string(kMaxSteps) + " steps at most",
              {"split the network into several"});
}

// A plan's bindings are told apart by name; inner graphs have none.
void check_names(const Graph& graph) {
  for (const ValueId input : graph.inputs())
    for (const GraphOutput& output : graph.outputs())
      if (output.name == graph.value(input).name)
        throw Error(Code::kInvalid, "graph '" + graph.name() + "': output '" + output.name +
                                        "' bears an input's name");
}

// Refuses before the search what no fusion makes small enough.
void check_size(const Graph& graph) {
  size_t steps = 0;
  for (const NodeId node : graph.order())
    steps += !select::is_pointwise(graph, node) && !select::is_view(graph, node);
  if (steps > kMaxSteps) too_large(graph, steps, "layers that take a step each");
}

void check_options(const Graph& graph, const CompileOptions& options) {
  check_thread_count(options.threads);
  if (options.tactics_per_row < 1 || !(options.seconds_limit >= 0))
    throw Error(Code::kInvalid,
                "at least one tactic a row, and no time below zero, can be asked for");
  const auto known = [&](const std::string& name) {
    if (graph.symbol(name)) return;
    std::vector<std::string> names;
    for (const Symbol& s : graph.symbols()) names.push_back(s.name);
    const std::string near = nearest_name(name, names);
    throw Error(Code::kInvalid, "a profile states sizes of '" + name + "', which no input has",
                near.empty() ? std::vector<std::string>{}
                             : std::vector<std::string>{"did you mean '" + near + "'?"});
  };
  for (const Profile& profile : options.profiles) {
    for (const auto& [name, size] : profile.tune.list()) known(name);
    for (const auto& [name, range] : profile.range) known(name);
  }
}

}  // namespace

Plan compile(const Graph& source, const Target& target, const CompileOptions& options,
             Device* device, Explanation* explanation) {
  if (options.timing && !device)
    throw Error(Code::kInvalid, "timing needs the device",
                {"give a device, or build with --no-timing"});
  if (device && !options.timing) device = nullptr;
  if (device && (device->target().kind != target.kind || device->target().name != target.name))
    throw Error(Code::kInvalid,
                "timing needs the target's device: the target is " + target.kind + " '" +
                    target.name + "', the device " + device->target().kind + " '" +
                    device->target().name + "'",
                {"give that device, or compile without timing"});
  check_options(source, options);
  check_names(source);
  const Backend& backend = backend_of(target);
  Graph graph = source;
  if (options.progress && !options.progress({"canonicalizing", 0, 0}))
    throw Error(Code::kCancelled, "compilation was cancelled");
  canonicalize(graph);
  check_size(graph);

  Plan plan;
  plan.name = graph.name();
  plan.producer = std::string("tenfold ") + version();
  plan.labels = options.labels;
  plan.preprocess = options.preprocess;
  plan.metadata = options.metadata;
  Section section;
  section.target = target;
  section.portable = backend.portable_plans();
  section.devices = {DeviceRef{target.kind, 0}};
  section.bindings = bindings_of(graph);
  Costs costs(target, options, device);
  std::vector<std::string> remarks;
  const std::unique_ptr<Choice> choice = choose(graph, target, options, costs, remarks);
  ConstantTable constants(choice->graph, !backend.portable_plans());
  if (options.progress) options.progress({"emitting", 0, 0});
  const auto emit = [&](const Choice& of, Selected& s, ConstantTable& table,
                        const std::vector<Binding>& bindings) {
    if (explanation) {  // before anything of what was chosen can fail
      const size_t first = explanation->lines.size();
      std::move(s.explanation.lines.begin(), s.explanation.lines.end(),
                std::back_inserter(explanation->lines));
      mark_chosen(of.graph, s.selection, *explanation, first);
    }
    Program program =
        emit_program(of.graph, s.selection, s.found, *s.conversions, target, table, section);
    if (program.steps.size() > kMaxSteps) too_large(graph, program.steps.size(), "steps");
    if (program.buffers.size() > kMaxBuffers) too_large(graph, program.buffers.size(), "buffers");
    if (backend.runs_in_order()) run_in_order(program);
    const int in_place = share_storage(program, bindings);
    if (explanation) remark_program(program, section, in_place, *explanation);
    return program;
  };
  for (const std::unique_ptr<Selected>& s : choice->profiles)
    section.programs.push_back(emit(*choice, *s, constants, section.bindings));
  BodyPrograms bodies(target, options, costs, remarks, !backend.portable_plans(), emit);
  for (size_t k = 0; k < choice->profiles.size(); ++k) bodies.add(choice->graph, k, section);
  for (const std::string& remark : costs.remarks()) {
    if (!explanation) log(Severity::kNote, remark);
    remarks.push_back(remark);
  }
  if (explanation) {
    std::move(remarks.begin(), remarks.end(), std::back_inserter(explanation->remarks));
  }
  constants.finish(section);
  bodies.finish(section);
  plan.sections.push_back(std::move(section));
  plan.verify();
  return plan;
}

}  // namespace tenfold
