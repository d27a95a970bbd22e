#include "src/compile/placement.h"

#include <algorithm>

#include "src/compile/flow.h"

namespace tenfold::select {

namespace {

Format dense(Format format) {
  format.enclosing = 0;
  return format;
}

}  // namespace

Placement::Placement(const Graph& graph, const Selection& selection, Conversions& conversions,
                     const Target& target, ConstantTable& constants, Program& program)
    : graph_(graph),
      selection_(selection),
      conversions_(conversions),
      target_(target),
      constants_(constants),
      program_(program) {
  for (uint32_t k = 0; k < graph_.inputs().size(); ++k) {
    const ValueId v = graph_.inputs()[k];
    put(v, fixed(v), Place{{ValueRef::Kind::kBinding, k}, {}});
  }
  assign_outputs();
}

// A value that is an output is written to its binding at once where the Format is the binding's; so
// is one that is an output through views which keep the order of the bytes.
void Placement::assign_outputs() {
  std::map<ValueId, ValueId> view_of;
  for (const Group& g : selection_.groups) {
    if (g.chosen().row || g.instead || is_flow(g.chosen().problem.op)) continue;
    const ValueId out = g.offer->lowered.outputs.front(), in = g.offer->lowered.inputs.front();
    const FormatTuple& formats = g.chosen().formats;
    if (row_major(in, formats.inputs.front()) && row_major(out, formats.outputs.front()))
      view_of[out] = in;
  }
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

uint32_t Placement::new_buffer(ValueId v, const Format& format) {
  PlanBuffer b;
  b.name = graph_.value(v).name;
  b.dims = graph_.type(v).shape;
  b.format = format;
  program_.buffers.push_back(std::move(b));
  return static_cast<uint32_t>(program_.buffers.size()) - 1;
}

bool Placement::row_major(ValueId v, const Format& f) const {
  return same_storage(f, Format{f.dtype, Layout::linear()}, graph_.type(v).shape);
}

uint32_t Placement::buffer_of(ValueId v, const Format& format, const Place& place) {
  const bool buffer = place.ref.kind == ValueRef::Kind::kBuffer;
  if (buffer && program_.buffers[place.ref.index].format == format) return place.ref.index;
  const uint32_t b = new_buffer(v, format);
  program_.buffers[b].same_as = place.ref;
  return b;
}

uint32_t Placement::whole_buffer(ValueId whole, const Format& format) {
  if (const auto found = wholes_.find(whole); found != wholes_.end()) return found->second;
  return wholes_[whole] = buffer_of(whole, format, Place{destination(whole, format), {}});
}

ValueRef Placement::slice_buffer(ValueId v, const Format& slice, uint32_t whole, int64_t offset) {
  const uint32_t b = new_buffer(v, slice);
  program_.buffers[b].inside = static_cast<int32_t>(whole);
  program_.buffers[b].axis1_offset = offset;
  return {ValueRef::Kind::kBuffer, b};
}

ValueRef Placement::destination(ValueId v, const Format& format) {
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

void Placement::put(ValueId v, const Format& format, Place place) {
  native_[v] = format;
  places_[{v, format.str()}] = std::move(place);
}

bool Placement::placed_in(ValueId v, ValueId whole) const {
  const auto inside = selection_.slices.find(v);
  return inside != selection_.slices.end() && inside->second.whole == whole;
}

void Placement::add_steps(std::vector<uint32_t>& to, const std::vector<uint32_t>& steps) {
  for (const uint32_t d : steps)
    if (std::find(to.begin(), to.end(), d) == to.end()) to.push_back(d);
}

uint32_t Placement::push(Step step) {
  std::sort(step.deps.begin(), step.deps.end());
  program_.steps.push_back(std::move(step));
  return static_cast<uint32_t>(program_.steps.size()) - 1;
}

Place Placement::need(ValueId v, const Format& format) {
  const auto key = std::make_pair(v, format.str());
  if (const auto found = places_.find(key); found != places_.end()) return found->second;
  const Format from = native_.at(v);
  const Place source = at(v, from);
  const Conversions::Way& way = conversions_.way(v, from, format);
  if (!way.row) {
    if (!same_storage(from, format, graph_.type(v).shape))
      throw Error(Code::kUnsupported, "no kernel converts " + from.str() + " to " + format.str());
    return places_[key] = source;
  }
  const ValueRef to{ValueRef::Kind::kBuffer, new_buffer(v, format)};
  return places_[key] = convert(v, way, source, to);
}

ValueRef Placement::constant(ConstantId id, const Shape& shape, const Format& format) {
  return {ValueRef::Kind::kConstant, constants_.want(id, shape, format)};
}

ValueRef Placement::given(ValueId v, std::vector<uint32_t>& deps) {
  if (!v.valid()) return {};
  const Format format = fixed(v);
  if (const ConstantId id = graph_.value(v).constant; id.valid())
    return constant(id, graph_.type(v).shape, format);
  const Place place = need(v, format);
  add_steps(deps, place.steps);
  const bool as_it_is = place.ref.kind != ValueRef::Kind::kBuffer ||
                        program_.buffers[place.ref.index].format == format;
  if (as_it_is) return place.ref;
  const uint32_t b = new_buffer(v, format);
  program_.buffers[b].same_as = place.ref;
  return {ValueRef::Kind::kBuffer, b};
}

Place Placement::convert(ValueId v, const Conversions::Way& way, const Place& source, ValueRef to) {
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
  return Place{to, {push(std::move(step))}};
}

// Where the Formats are one: a Convert that select would never choose, since it costs without need.
Place Placement::copy(ValueId v, const Format& format, ValueRef to) {
  const Format from = native_.at(v);
  return convert(v, conversions_.copy(v, from, format), at(v, from), to);
}

void Placement::finish_output(uint32_t k) {
  const ValueId v = graph_.outputs()[k].value;
  const ValueRef to = binding(k);
  const Format format = fixed(v);
  if (const ConstantId id = graph_.value(v).constant; id.valid()) {
    const Place source{constant(id, graph_.type(v).shape, format), {}};
    convert(v, conversions_.copy(v, format, format), source, to);
    return;
  }
  const Format from = native_.at(v);
  if (row_major(v, from) && resolves_to(at(v, from).ref, to)) return;
  const Conversions::Way& way = conversions_.way(v, from, format);
  if (way.row)
    convert(v, way, at(v, from), to);
  else
    copy(v, format, to);
}

bool Placement::resolves_to(ValueRef ref, ValueRef to) const {
  while (ref.kind == ValueRef::Kind::kBuffer &&
         program_.buffers[ref.index].same_as.kind != ValueRef::Kind::kNone)
    ref = program_.buffers[ref.index].same_as;
  return ref == to;
}

void Placement::taps() {
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

}  // namespace tenfold::select
