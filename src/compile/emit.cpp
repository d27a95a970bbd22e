#include "src/compile/emit.h"

#include <algorithm>

#include "src/base/threads.h"
#include "src/compile/flow.h"
#include "src/compile/placement.h"

namespace tenfold::select {
namespace {

class Emitter {
 public:
  Emitter(const Graph& graph, const Selection& selection, Conversions& conversions,
          const Target& target, ConstantTable& constants, Section& section)
      : graph_(graph),
        selection_(selection),
        target_(target),
        section_(section),
        values_(graph, selection, conversions, target, constants, program_) {}

  Program run(const std::vector<Symbol>& symbols) {
    program_.symbols = symbols;
    for (const Group& group : selection_.groups) emit(group);
    for (uint32_t k = 0; k < graph_.outputs().size(); ++k) values_.finish_output(k);
    values_.taps();
    attach_artifacts();
    return std::move(program_);
  }

 private:
  // Machine code of all steps; compilers run side by side.
  void attach_artifacts() {
    std::vector<Artifact> made(program_.steps.size());
    parallel_tasks(static_cast<int64_t>(made.size()), [&](int64_t begin, int64_t end) {
      for (auto k = static_cast<size_t>(begin); k < static_cast<size_t>(end); ++k) {
        const Step& step = program_.steps[k];
        if (const Row* row = find_row(step.row))
          made[k] = row->emit(step.problem, step.tactic, target_);
      }
    });
    for (size_t k = 0; k < made.size(); ++k) attach(std::move(made[k]), program_.steps[k]);
  }

  void attach(Artifact artifact, Step& step) {
    if (artifact.empty()) return;
    for (size_t k = 0; k < section_.artifacts.size(); ++k) {
      const Artifact& a = section_.artifacts[k];
      if (a.text_key == artifact.text_key && a.entry == artifact.entry && a.code == artifact.code) {
        step.artifact = static_cast<int32_t>(k);
        return;
      }
    }
    step.artifact = static_cast<int32_t>(section_.artifacts.size());
    section_.artifacts.push_back(std::move(artifact));
  }

  void emit(const Group& group) {
    const Candidate& choice = group.chosen();
    const Lowered& lowered = group.offer->lowered;
    if (!choice.row && is_flow(choice.problem.op)) return emit_flow(group.offer->region.start());
    if (!choice.row && choice.problem.op == "Concat") return emit_join(choice, lowered);
    if (!choice.row && !choice.formats.outputs.front().dense()) return emit_parts(choice, lowered);
    if (!choice.row) return emit_view(choice, lowered);
    emit_step(group);
    read_counts(group.offer->region.start());
  }

  void emit_step(const Group& group) {
    const Candidate& choice = group.chosen();
    const Lowered& lowered = group.offer->lowered;
    Step step;
    step.name = region_name(graph_, group.offer->region);
    step.row = std::string(choice.row->name());
    step.tactic = choice.tactic;
    step.problem = choice.problem;
    step.tuned_us = choice.us;
    step.estimated_us = choice.row->estimate(choice.problem, target_);
    for (NodeId id : group.offer->region.nodes)
      for (const std::string& s : graph_.node(id).sources)
        if (std::find(step.sources.begin(), step.sources.end(), s) == step.sources.end())
          step.sources.push_back(s);
    for (size_t k = 0; k < lowered.inputs.size(); ++k) {
      const ValueId v = lowered.inputs[k];
      const Format& format = choice.formats.inputs[k];
      if (const ConstantId constant = graph_.value(v).constant; constant.valid()) {
        step.inputs.push_back(values_.constant(constant, choice.problem.inputs[k].dims, format));
        continue;
      }
      const Place place = values_.need(v, format);
      step.inputs.push_back(place.ref);
      Placement::add_steps(step.deps, place.steps);
    }
    for (size_t k = 0; k < lowered.outputs.size(); ++k)
      step.outputs.push_back(values_.destination(lowered.outputs[k], choice.formats.outputs[k]));
    const std::vector<ValueRef> outputs = step.outputs;
    const uint32_t index = values_.push(std::move(step));
    for (size_t k = 0; k < lowered.outputs.size(); ++k)
      values_.put(lowered.outputs[k], choice.formats.outputs[k], Place{outputs[k], {index}});
  }

  // A step that no row does; the programs that it calls are added later (flow.h).
  void emit_flow(NodeId id) {
    const Node& node = graph_.node(id);
    Step step = flow_step(graph_, id);
    if (step.kind == StepKind::kScalar) {
      std::vector<std::string> used;
      Dim::parse(step.tactic).collect_symbols(used);
      for (const std::string& name : used)
        if (const auto found = counters_.find(name); found != counters_.end())
          Placement::add_steps(step.deps, {found->second});
    } else {
      for (ValueId v : node.inputs) step.inputs.push_back(values_.given(v, step.deps));
    }
    if (step.kind == StepKind::kLoop) step.inputs.resize(std::max<size_t>(step.inputs.size(), 2));
    for (ValueId v : node.outputs) step.outputs.push_back(values_.destination(v, values_.fixed(v)));
    const std::vector<ValueRef> outputs = step.outputs;
    const uint32_t index = values_.push(std::move(step));
    for (size_t k = 0; k < outputs.size(); ++k)
      values_.put(node.outputs[k], values_.fixed(node.outputs[k]), Place{outputs[k], {index}});
    if (node.attrs.has("count")) counters_[node.attrs.s("count", "")] = index;
  }

  // The sizes that a node's step counted, read once it has run.
  void read_counts(NodeId id) {
    const Node& node = graph_.node(id);
    const Op* def = find_op(node.op);
    if (!def || !def->counts) return;
    InferContext context{node.attrs, {}, {}, static_cast<int>(node.outputs.size()), {}};
    for (ValueId v : node.inputs) {
      context.inputs.push_back(graph_.type(v));
      context.constants.push_back(nullptr);
    }
    for (const Op::Count& count : def->counts(context)) {
      if (count.output < 0) continue;
      const ValueId n = node.outputs.at(static_cast<size_t>(count.output));
      const Place place = values_.need(n, values_.fixed(n));
      Step step;
      step.kind = StepKind::kReadBack;
      step.name = "count " + count.symbol;
      step.tactic = count.symbol;
      step.inputs = {place.ref};
      step.sources = node.sources;
      Placement::add_steps(step.deps, place.steps);
      counters_[count.symbol] = values_.push(std::move(step));
    }
  }

  // A concatenation whose parts lie in its buffer: those that do not yet are copied there.
  void emit_join(const Candidate& choice, const Lowered& lowered) {
    const ValueId joined = lowered.outputs.front();
    const Format format = choice.formats.outputs.front();
    const uint32_t whole = values_.whole_buffer(joined, format);
    Place all{{ValueRef::Kind::kBuffer, whole}, {}};
    int64_t at = 0;
    for (size_t k = 0; k < lowered.inputs.size(); ++k) {
      const ValueId v = lowered.inputs[k];
      const Format slice = choice.formats.inputs[k];
      const Place part = values_.placed_in(v, joined)
                             ? values_.at(v, slice)
                             : values_.copy(v, slice, values_.slice_buffer(v, slice, whole, at));
      Placement::add_steps(all.steps, part.steps);
      at += graph_.type(v).shape[1].value();
    }
    values_.put(joined, format, std::move(all));
  }

  // A split whose parts are read where they lie.
  void emit_parts(const Candidate& choice, const Lowered& lowered) {
    const ValueId source = lowered.inputs.front();
    const Format format = choice.formats.inputs.front();
    const Place place = values_.need(source, format);
    const uint32_t whole = values_.buffer_of(source, format, place);
    for (size_t k = 0; k < lowered.outputs.size(); ++k) {
      const ValueId v = lowered.outputs[k];
      const Format slice = choice.formats.outputs[k];
      const ValueRef part = values_.slice_buffer(v, slice, whole, selection_.slices.at(v).offset);
      values_.put(v, slice, Place{part, place.steps});
    }
  }

  void emit_view(const Candidate& choice, const Lowered& lowered) {
    const ValueId in = lowered.inputs.front(), out = lowered.outputs.front();
    const Format format = choice.formats.outputs.front();
    if (const ConstantId id = graph_.value(in).constant; id.valid())
      return values_.put(out, format,
                         Place{values_.constant(id, graph_.type(out).shape, format), {}});
    const Place place = values_.need(in, choice.formats.inputs.front());
    const uint32_t b = values_.new_buffer(out, format);
    program_.buffers[b].same_as = place.ref;
    values_.put(out, format, Place{{ValueRef::Kind::kBuffer, b}, place.steps});
  }

  const Graph& graph_;
  const Selection& selection_;
  const Target& target_;
  Section& section_;
  Program program_;
  Placement values_;
  std::map<std::string, uint32_t> counters_;  // steps that count a size, by its symbol
};

}  // namespace

std::vector<Binding> bindings_of(const Graph& graph) {
  std::vector<Binding> bindings;
  for (ValueId v : graph.inputs())
    bindings.push_back(
        {graph.value(v).name, graph.type(v), Format{graph.type(v).dtype, Layout::linear()}, true});
  for (const GraphOutput& o : graph.outputs())
    bindings.push_back(
        {o.name, graph.type(o.value), Format{graph.type(o.value).dtype, Layout::linear()}, false});
  return bindings;
}

Program emit_program(const Graph& graph, const Selection& selection, const Candidates& candidates,
                     Conversions& conversions, const Target& target, ConstantTable& constants,
                     Section& section) {
  return Emitter(graph, selection, conversions, target, constants, section).run(candidates.symbols);
}

}  // namespace tenfold::select
