#include "src/compile/flow.h"

#include <algorithm>
#include <cstring>

#include "src/base/checked.h"
#include "src/compile/emit.h"
#include "src/plan/flow.h"

namespace tenfold::select {

namespace {

constexpr uint64_t kAlign = 64;

void move_constants(ValueRef& ref, uint32_t by) {
  if (ref.kind == ValueRef::Kind::kConstant) ref.index += by;
}

void move_constants(Program& program, uint32_t by) {
  for (PlanBuffer& b : program.buffers) move_constants(b.same_as, by);
  for (Tap& tap : program.taps) move_constants(tap.value, by);
  for (Step& step : program.steps)
    for (auto* refs : {&step.inputs, &step.outputs})
      for (ValueRef& ref : *refs) move_constants(ref, by);
}

}  // namespace

bool is_flow(std::string_view op) { return op == "If" || op == "Loop" || op == "Size"; }

Offer flow_offer(const Graph& graph, NodeId node, const std::vector<Symbol>& symbols) {
  Offer offer;
  offer.region.nodes = {node};
  offer.region.outputs = graph.node(node).outputs;
  offer.lowered = lower(graph, offer.region, symbols);
  Candidate choice;
  choice.problem = offer.lowered.problem;
  for (const Operand& o : choice.problem.inputs) choice.formats.inputs.push_back(o.format);
  for (const Operand& o : choice.problem.outputs) choice.formats.outputs.push_back(o.format);
  offer.candidates.push_back(std::move(choice));
  return offer;
}

Step flow_step(const Graph& graph, NodeId id) {
  const Node& node = graph.node(id);
  Step step;
  step.name = node.name;
  step.sources = node.sources;
  if (node.op == "If") {
    step.kind = StepKind::kIf;
  } else if (node.op == "Loop") {
    step.kind = StepKind::kLoop;
    step.tactic =
        loop_tactic({static_cast<uint32_t>(node.attrs.i("carried", 0)), node.attrs.s("count", "")});
  } else {
    step.kind = StepKind::kScalar;
    step.tactic = element_count(graph.type(node.inputs.front()).shape).str();
  }
  return step;
}

BodyPrograms::BodyPrograms(const Target& target, const CompileOptions& options, Costs& costs,
                           std::vector<std::string>& remarks, bool evaluate, Emit emit)
    : target_(target),
      options_(options),
      costs_(costs),
      remarks_(remarks),
      evaluate_(evaluate),
      emit_(std::move(emit)) {}

size_t BodyPrograms::compile_body(const Graph& body, const std::vector<Symbol>& symbols,
                                  Section& section) {
  Graph graph = body;
  Profile profile;
  for (const Symbol& s : symbols) {
    if (!graph.symbol(s.name)) continue;
    graph.set_symbol(s);
    profile.tune.set(s.name, s.tune);
    profile.range[s.name] = {s.min, s.max};
  }
  CompileOptions options = options_;
  options.profiles = {profile};
  Made made;
  made.choice = choose(graph, target_, options, costs_, remarks_);
  made.constants = std::make_unique<ConstantTable>(made.choice->graph, evaluate_);
  section.programs.push_back(emit_(*made.choice, *made.choice->profiles.front(), *made.constants,
                                   bindings_of(made.choice->graph)));
  made.program = section.programs.size() - 1;
  made_.push_back(std::move(made));
  return section.programs.size() - 1;
}

void BodyPrograms::add(const Graph& graph, size_t program, Section& section) {
  std::map<std::string, NodeId> nodes;
  for (NodeId id : graph.order())
    if (!graph.node(id).graphs.empty()) nodes[graph.node(id).name] = id;
  const std::vector<Symbol> symbols = section.programs[program].symbols;
  for (size_t k = 0; k < section.programs[program].steps.size(); ++k) {
    const Step& step = section.programs[program].steps[k];
    if (!calls_programs(step.kind)) continue;
    const Node& node = graph.node(nodes.at(step.name));
    for (const std::shared_ptr<const Graph>& body : node.graphs) {
      const size_t callee = compile_body(*body, symbols, section);
      section.programs[program].steps[k].programs.push_back(static_cast<uint32_t>(callee));
      const Choice& choice = *made_.back().choice;  // stays where it is
      add(choice.graph, callee, section);
    }
  }
}

void BodyPrograms::finish(Section& section) {
  if (made_.empty()) return;
  std::vector<Section> parts(made_.size());
  uint64_t bytes = section.data_bytes;
  for (size_t k = 0; k < made_.size(); ++k) {
    made_[k].constants->finish(parts[k]);
    bytes = (bytes + kAlign - 1) / kAlign * kAlign + parts[k].data_bytes;
  }
  const Tensor data =
      Tensor::zeros(DType::kU8, {static_cast<int64_t>(std::max<uint64_t>(bytes, 1))});
  auto owner = std::make_shared<Tensor>(data);
  auto* to = static_cast<std::byte*>(owner->mutable_data());
  if (section.data_bytes > 0) std::memcpy(to, section.data.get(), section.data_bytes);
  for (size_t k = 0; k < made_.size(); ++k) {
    const auto first = static_cast<uint32_t>(section.constants.size());
    const uint64_t at = (section.data_bytes + kAlign - 1) / kAlign * kAlign;
    if (parts[k].data_bytes > 0) std::memcpy(to + at, parts[k].data.get(), parts[k].data_bytes);
    for (PlanConstant& c : parts[k].constants) {
      if (!c.is_recipe) c.offset += at;
      for (uint32_t& input : c.inputs) input += first;
      section.constants.push_back(std::move(c));
    }
    section.data_bytes = at + parts[k].data_bytes;
    move_constants(section.programs[made_[k].program], first);
  }
  section.data = std::shared_ptr<const std::byte>(owner, to);
}

}  // namespace tenfold::select
