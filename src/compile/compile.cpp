#include "tenfold/compile.h"

#include <algorithm>

#include "src/compile/emit.h"
#include "src/compile/slices.h"
#include "src/plan/sharing.h"
#include "tenfold/version.h"

namespace tenfold {
namespace {

using namespace select;

// Symbols of one program: the profile's tuning sizes and ranges over the graph's.
std::vector<Symbol> profile_symbols(const Graph& graph, const Profile& profile) {
  std::vector<Symbol> symbols = graph.symbols();
  for (Symbol& s : symbols) {
    s.min = 0;
    if (const auto it = profile.range.find(s.name); it != profile.range.end()) {
      s.min = it->second.first;
      s.max = it->second.second;
    }
    if (const int64_t* tune = profile.tune.find(s.name)) s.tune = *tune;
    if (s.min < 0 || s.max < s.min || s.tune < s.min || s.tune > s.max)
      throw Error(Code::kInvalid, "symbol " + s.name + ": tuning size " + std::to_string(s.tune) +
                                      " and range " + std::to_string(s.min) + ".." +
                                      std::to_string(s.max) + " do not fit");
  }
  return symbols;
}

std::vector<Profile> profiles_of(const CompileOptions& options) {
  return options.profiles.empty() ? std::vector<Profile>{Profile{}} : options.profiles;
}

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

// A CPU runs steps one after another: said in the plan, memory is reused at once.
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

}  // namespace

Plan compile(const Graph& source, const Target& target, const CompileOptions& options,
             Device* device, Explanation* explanation) {
  if (options.timing && !device)
    throw Error(Code::kInvalid, "timing needs the device",
                {"give a device, or build with --no-timing"});
  if (device && !options.timing) device = nullptr;
  Graph graph = source;
  if (options.progress && !options.progress({"canonicalizing", 0, 0}))
    throw Error(Code::kCancelled, "compilation was cancelled");
  canonicalize(graph);

  Plan plan;
  plan.name = graph.name();
  plan.producer = std::string("tenfold ") + version();
  plan.labels = options.labels;
  plan.preprocess = options.preprocess;
  plan.metadata = options.metadata;
  Section section;
  section.target = target;
  section.devices = {DeviceRef{target.kind, 0}};
  section.bindings = bindings_of(graph);
  ConstantTable constants(graph, target.kind != "cpu");
  Costs costs(target, options, device);
  const std::vector<Profile> profiles = profiles_of(options);
  for (const Profile& profile : profiles) {
    const size_t first = explanation ? explanation->lines.size() : 0;
    const std::vector<Symbol> symbols = profile_symbols(graph, profile);
    const Candidates found =
        collect_candidates(graph, target, options, symbols, costs, explanation);
    Conversions conversions(graph, target, options, found.symbols, costs);
    Selection selection = select::select(graph, found, conversions);
    choose_slices(graph, target, selection, conversions, costs, explanation);
    if (options.progress) options.progress({"emitting", 0, 0});
    section.programs.push_back(
        emit_program(graph, selection, found, conversions, target, constants, section));
    if (target.kind == "cpu") run_in_order(section.programs.back());
    const int in_place = share_storage(section.programs.back(), section.bindings);
    if (!explanation) continue;
    mark_chosen(graph, selection, *explanation, first);
    remark_program(section.programs.back(), section, in_place, *explanation);
  }
  if (explanation)
    for (const std::string& r : costs.remarks()) explanation->remarks.push_back(r);
  constants.finish(section);
  plan.sections.push_back(std::move(section));
  plan.verify();
  return plan;
}

}  // namespace tenfold
