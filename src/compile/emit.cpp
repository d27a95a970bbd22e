#include "src/compile/emit.h"

#include <algorithm>
#include <set>

#include "src/base/threads.h"
#include "src/compile/flow.h"

namespace tenfold::select {
namespace {

class Emitter {
 public:
  Emitter(const Graph& graph, const Selection& selection, Conversions& conversions,
          const Target& target, ConstantTable& constants, Section& section)
      : graph_(graph),
        selection_(selection),
        conversions_(conversions),
        target_(target),
        constants_(constants),
        section_(section) {}

  Program run(const std::vector<Symbol>& symbols) {
    program_.symbols = symbols;
    for (uint32_t k = 0; k < graph_.inputs().size(); ++k) {
      const ValueId v = graph_.inputs()[k];
      places_[{v, fixed(v).str()}] = Place{{ValueRef::Kind::kBinding, k}, {}};
      native_[v] = fixed(v);
    }
    assign_outputs();
    for (const Group& group : selection_.groups) emit(group);
    for (uint32_t k = 0; k < graph_.outputs().size(); ++k) finish_output(k);
    taps();
    attach_artifacts();
    return std::move(program_);
  }

 private:
  // Where a value's bytes in one Format are, and the steps that wrote them.
  struct Place {
    ValueRef ref;
    std::vector<uint32_t> steps;
  };

  Format fixed(ValueId v) const { return Format{graph_.type(v).dtype, Layout::linear()}; }
  ValueRef binding(uint32_t output) const {
    return {ValueRef::Kind::kBinding, static_cast<uint32_t>(graph_.inputs().size()) + output};
  }

  // A value that is an output (possibly through views) is written to its binding at once where the
  // Format is the binding's.
  void assign_outputs() {
    std::map<ValueId, ValueId> view_of;
    for (const Group& g : selection_.groups)
      if (!g.chosen().row && !g.instead && !is_flow(g.chosen().problem.op))
        view_of[g.offer->lowered.outputs.front()] = g.offer->lowered.inputs.front();
    for (uint32_t k = 0; k < graph_.outputs().size(); ++k) {
      ValueId v = graph_.outputs()[k].value;
      while (!direct_.count(v)) {
        direct_[v] = k;
        const auto it = view_of.find(v);
        if (it == view_of.end()) break;
        v = it->second;
      }
    }
  }

  uint32_t new_buffer(ValueId v, const Format& format) {
    PlanBuffer b;
    b.name = graph_.value(v).name;
    b.dims = graph_.type(v).shape;
    b.format = format;
    program_.buffers.push_back(std::move(b));
    return static_cast<uint32_t>(program_.buffers.size()) - 1;
  }

  bool row_major(ValueId v, const Format& f) const {
    return same_storage(f, Format{f.dtype, Layout::linear()}, graph_.type(v).shape);
  }

  // The buffer of a value that others lie in.
  uint32_t whole_buffer(ValueId whole, const Format& format) {
    if (const auto found = wholes_.find(whole); found != wholes_.end()) return found->second;
    ValueRef ref = destination(whole, format);
    if (ref.kind != ValueRef::Kind::kBuffer) {
      const uint32_t b = new_buffer(whole, format);
      program_.buffers[b].same_as = ref;
      ref = {ValueRef::Kind::kBuffer, b};
    }
    return wholes_[whole] = ref.index;
  }

  // A new buffer for channels [offset, ..) of `whole`'s.
  ValueRef slice_buffer(ValueId v, const Format& slice, uint32_t whole, int64_t offset) {
    const uint32_t b = new_buffer(v, slice);
    program_.buffers[b].inside = static_cast<int32_t>(whole);
    program_.buffers[b].axis1_offset = offset;
    return {ValueRef::Kind::kBuffer, b};
  }

  static Format dense(Format format) {
    format.enclosing = 0;
    return format;
  }

  // The destination of a value that a step computes.
  ValueRef destination(ValueId v, const Format& format) {
    if (const auto slice = selection_.slices.find(v); slice != selection_.slices.end())
      return slice_buffer(v, format, whole_buffer(slice->second.whole, dense(format)),
                          slice->second.offset);
    const auto it = direct_.find(v);
    if (it != direct_.end() && !graph_.value(v).is_input && row_major(v, format)) {
      const GraphOutput& out = graph_.outputs()[it->second];
      if (format.dtype == graph_.type(out.value).dtype && taken_.insert(it->second).second) {
        if (out.value == v) return binding(it->second);
        const uint32_t b = new_buffer(v, format);
        program_.buffers[b].same_as = binding(it->second);
        return {ValueRef::Kind::kBuffer, b};
      }
    }
    return {ValueRef::Kind::kBuffer, new_buffer(v, format)};
  }

  static void add_steps(std::vector<uint32_t>& to, const std::vector<uint32_t>& steps) {
    for (const uint32_t d : steps)
      if (std::find(to.begin(), to.end(), d) == to.end()) to.push_back(d);
  }

  std::vector<uint32_t> push(Step step) {
    std::sort(step.deps.begin(), step.deps.end());
    program_.steps.push_back(std::move(step));
    return {static_cast<uint32_t>(program_.steps.size()) - 1};
  }

  // The value in the wanted Format, converting it first if nobody has.
  Place need(ValueId v, const Format& format) {
    const auto key = std::make_pair(v, format.str());
    if (const auto found = places_.find(key); found != places_.end()) return found->second;
    const Format from = native_.at(v);
    const Place source = places_.at({v, from.str()});
    const Conversions::Way& way = conversions_.way(v, from, format);
    if (!way.row) {
      if (!same_storage(from, format, graph_.type(v).shape))
        throw Error(Code::kUnsupported, "no kernel converts " + from.str() + " to " + format.str());
      return places_[key] = source;
    }
    const ValueRef to{ValueRef::Kind::kBuffer, new_buffer(v, format)};
    return places_[key] = convert(v, way, source, to);
  }

  Place convert(ValueId v, const Conversions::Way& way, const Place& source, ValueRef to) {
    Step step;
    step.kind = StepKind::kConvert;
    step.name = "convert " + graph_.value(v).name;
    step.row = std::string(way.row->name());
    step.tactic = way.tactic;
    step.problem = way.problem;
    step.inputs = {source.ref};
    step.outputs = {to};
    step.tuned_us = way.us;
    step.estimated_us = way.row->estimate(way.problem, target_);
    add_steps(step.deps, source.steps);
    return Place{to, push(std::move(step))};
  }

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
      const ConstantId constant = graph_.value(v).constant;
      if (constant.valid()) {
        step.inputs.push_back(
            {ValueRef::Kind::kConstant,
             constants_.want(constant, choice.problem.inputs[k].dims, choice.formats.inputs[k])});
        continue;
      }
      const Place place = need(v, choice.formats.inputs[k]);
      step.inputs.push_back(place.ref);
      add_steps(step.deps, place.steps);
    }
    for (size_t k = 0; k < lowered.outputs.size(); ++k)
      step.outputs.push_back(destination(lowered.outputs[k], choice.formats.outputs[k]));
    const std::vector<ValueRef> outputs = step.outputs;
    const std::vector<uint32_t> index = push(std::move(step));
    for (size_t k = 0; k < lowered.outputs.size(); ++k) {
      native_[lowered.outputs[k]] = choice.formats.outputs[k];
      places_[{lowered.outputs[k], choice.formats.outputs[k].str()}] = Place{outputs[k], index};
    }
    read_counts(group.offer->region.start());
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
          add_steps(step.deps, {found->second});
    } else {
      for (ValueId v : node.inputs) step.inputs.push_back(given(v, step.deps));
    }
    if (step.kind == StepKind::kLoop) step.inputs.resize(std::max<size_t>(step.inputs.size(), 2));
    for (ValueId v : node.outputs) step.outputs.push_back(destination(v, fixed(v)));
    const std::vector<ValueRef> outputs = step.outputs;
    const std::vector<uint32_t> index = push(std::move(step));
    for (size_t k = 0; k < outputs.size(); ++k) {
      native_[node.outputs[k]] = fixed(node.outputs[k]);
      places_[{node.outputs[k], fixed(node.outputs[k]).str()}] = Place{outputs[k], index};
    }
    if (node.attrs.has("count")) counters_[node.attrs.s("count", "")] = index.front();
  }

  // A value as the graph has it, to be given to a program.
  ValueRef given(ValueId v, std::vector<uint32_t>& deps) {
    if (!v.valid()) return {};
    const Format format = fixed(v);
    if (const ConstantId constant = graph_.value(v).constant; constant.valid())
      return {ValueRef::Kind::kConstant, constants_.want(constant, graph_.type(v).shape, format)};
    const Place place = need(v, format);
    add_steps(deps, place.steps);
    const bool as_it_is = place.ref.kind != ValueRef::Kind::kBuffer ||
                          program_.buffers[place.ref.index].format == format;
    if (as_it_is) return place.ref;
    const uint32_t b = new_buffer(v, format);
    program_.buffers[b].same_as = place.ref;
    return {ValueRef::Kind::kBuffer, b};
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
      const Place place = need(n, fixed(n));
      Step step;
      step.kind = StepKind::kReadBack;
      step.name = "count " + count.symbol;
      step.tactic = count.symbol;
      step.inputs = {place.ref};
      step.sources = node.sources;
      add_steps(step.deps, place.steps);
      counters_[count.symbol] = push(std::move(step)).front();
    }
  }

  // A concatenation whose parts lie in its buffer: those that do not yet are copied there.
  void emit_join(const Candidate& choice, const Lowered& lowered) {
    const ValueId joined = lowered.outputs.front();
    const Format format = choice.formats.outputs.front();
    const uint32_t whole = whole_buffer(joined, format);
    Place all{{ValueRef::Kind::kBuffer, whole}, {}};
    int64_t at = 0;
    for (size_t k = 0; k < lowered.inputs.size(); ++k) {
      const ValueId v = lowered.inputs[k];
      const Format slice = choice.formats.inputs[k];
      const auto inside = selection_.slices.find(v);
      if (inside != selection_.slices.end() && inside->second.whole == joined) {
        add_steps(all.steps, places_.at({v, slice.str()}).steps);
      } else {
        const Format from = native_.at(v);
        const ValueRef to = slice_buffer(v, slice, whole, at);
        add_steps(
            all.steps,
            convert(v, conversions_.copy(v, from, slice), places_.at({v, from.str()}), to).steps);
      }
      at += graph_.type(v).shape[1].value();
    }
    native_[joined] = format;
    places_[{joined, format.str()}] = std::move(all);
  }

  // A split whose parts are read where they lie.
  void emit_parts(const Candidate& choice, const Lowered& lowered) {
    const ValueId source = lowered.inputs.front();
    const Format format = choice.formats.inputs.front();
    const Place place = need(source, format);
    uint32_t whole = place.ref.index;
    if (place.ref.kind != ValueRef::Kind::kBuffer) {
      whole = new_buffer(source, format);
      program_.buffers[whole].same_as = place.ref;
    }
    for (size_t k = 0; k < lowered.outputs.size(); ++k) {
      const ValueId v = lowered.outputs[k];
      const Format slice = choice.formats.outputs[k];
      native_[v] = slice;
      places_[{v, slice.str()}] =
          Place{slice_buffer(v, slice, whole, selection_.slices.at(v).offset), place.steps};
    }
  }

  void emit_view(const Candidate& choice, const Lowered& lowered) {
    const ValueId in = lowered.inputs.front(), out = lowered.outputs.front();
    if (graph_.value(in).constant.valid()) return emit_constant_view(choice, lowered);
    const Place place = need(in, choice.formats.inputs.front());
    const Format format = choice.formats.outputs.front();
    const uint32_t b = new_buffer(out, format);
    program_.buffers[b].same_as = place.ref;
    native_[out] = format;
    places_[{out, format.str()}] = Place{{ValueRef::Kind::kBuffer, b}, place.steps};
  }

  void emit_constant_view(const Candidate& choice, const Lowered& lowered) {
    const ValueId out = lowered.outputs.front();
    const Format format = choice.formats.outputs.front();
    const ConstantId id = graph_.value(lowered.inputs.front()).constant;
    native_[out] = format;
    places_[{out, format.str()}] =
        Place{{ValueRef::Kind::kConstant, constants_.want(id, graph_.type(out).shape, format)}, {}};
  }

  // Graph outputs that no step wrote in place get a copy.
  void finish_output(uint32_t k) {
    const ValueId v = graph_.outputs()[k].value;
    const ValueRef to = binding(k);
    if (graph_.value(v).constant.valid()) {
      const Format f = fixed(v);
      const uint32_t c = constants_.want(graph_.value(v).constant, graph_.type(v).shape, f);
      return copy_out(v, f, Place{{ValueRef::Kind::kConstant, c}, {}}, to);
    }
    for (const auto& [key, place] : places_)
      if (key.first == v && resolves_to(place.ref, to)) return;
    const Format from = native_.at(v);
    const Place source = places_.at({v, from.str()});
    const Conversions::Way& way = conversions_.way(v, from, fixed(v));
    if (way.row)
      convert(v, way, source, to);
    else
      copy_out(v, from, source, to);
  }

  bool resolves_to(ValueRef ref, ValueRef to) const {
    while (ref.kind == ValueRef::Kind::kBuffer &&
           program_.buffers[ref.index].same_as.kind != ValueRef::Kind::kNone)
      ref = program_.buffers[ref.index].same_as;
    return ref == to;
  }

  // Same bytes, other place: a Convert that select would never choose, since it costs without need.
  void copy_out(ValueId v, const Format& from, const Place& source, ValueRef to) {
    Conversions::Way way = conversions_.copy(v, from, fixed(v));
    convert(v, way, source, to);
  }

  void taps() {
    std::set<std::string> seen;
    for (const auto& [key, place] : places_) {
      const std::string& name = graph_.value(key.first).name;
      if (name.empty() || place.ref.kind == ValueRef::Kind::kConstant ||
          !(native_.at(key.first).str() == key.second))
        continue;
      if (!seen.insert(name).second) continue;
      const uint32_t last =
          place.steps.empty() ? 0 : *std::max_element(place.steps.begin(), place.steps.end());
      program_.taps.push_back({name, place.ref, last});
    }
  }

  const Graph& graph_;
  const Selection& selection_;
  Conversions& conversions_;
  const Target& target_;
  ConstantTable& constants_;
  Section& section_;
  Program program_;
  std::map<std::pair<ValueId, std::string>, Place> places_;
  std::map<ValueId, uint32_t> wholes_;  // buffers that slices lie in
  std::map<ValueId, Format> native_;  // the Format that a value is produced in
  std::map<ValueId, uint32_t> direct_;  // values whose bytes are (part of the way to) an output
  std::set<uint32_t> taken_;  // outputs that have a writer
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
