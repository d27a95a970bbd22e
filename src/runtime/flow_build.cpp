// Making a Flow: called programs attached where they are called, their memory, their actions.
#include <algorithm>

#include "src/base/checked.h"
#include "src/plan/flow.h"
#include "src/plan/text.h"
#include "src/runtime/flow.h"

namespace tenfold {

namespace {

constexpr int64_t kAlignment = 256;

// Where a calling step keeps what it needs, in its scratch.
struct CallLayout {
  int64_t iteration = 0, condition = 64, next_condition = 128;  // of loops
  std::vector<int64_t> results;  // of loops: the body's outputs behind its condition
  int64_t frame = 0;             // memory of the called program
  int64_t bytes = 0;
};

CallLayout layout_of(const Step& step, const std::vector<std::unique_ptr<Bound>>& callees) {
  CallLayout layout;
  if (step.kind == StepKind::kLoop) {
    const ShapeSolution& body = callees[0]->shapes;
    int64_t at = 256;
    for (size_t k = body.bytes.size() - step.outputs.size(); k < body.bytes.size(); ++k) {
      layout.results.push_back(at);
      at = checked_round_up(checked_add(at, body.bytes[k]), kAlignment);
    }
    layout.frame = at;
  }
  int64_t most = 0;
  for (const std::unique_ptr<Bound>& callee : callees) most = std::max(most, callee->arena_bytes);
  layout.bytes = checked_add(layout.frame, most);
  return layout;
}

SymbolValues inner_symbols(const Program& callee, const SymbolValues& outer) {
  SymbolValues symbols;
  for (const Symbol& s : callee.symbols) {
    const int64_t* value = outer.find(s.name);
    symbols.set(s.name, value != nullptr ? *value : s.max);
  }
  return symbols;
}

class Builder {
 public:
  Builder(const Engine::Impl& engine, Flow& flow) : engine_(engine), flow_(flow) {}

  uint32_t frame(Bound& bound, const std::string& prefix) {
    bound.frame = flow_.add_frame();
    bound.flow = &flow_;
    const Program& program = program_of(engine_, bound);
    std::vector<uint32_t> local(program.steps.size(), UINT32_MAX);  // index in the open segment
    uint32_t segment = UINT32_MAX;
    std::vector<uint32_t> lines;
    const auto close = [&] {
      if (segment == UINT32_MAX) return;
      flow_.end_segment(segment, std::move(lines));
      lines.clear();
      std::fill(local.begin(), local.end(), UINT32_MAX);
      segment = UINT32_MAX;
    };
    for (uint32_t k = 0; k < program.steps.size(); ++k) {
      const Step& step = program.steps[k];
      if (is_flow(step.kind)) {
        close();
        flow_step(bound, k, prefix);
        continue;
      }
      if (segment == UINT32_MAX) {
        segment = flow_.add_segment();
        Flow::Action run;
        run.segment = segment;
        flow_.add(bound.frame, std::move(run));
      }
      std::vector<uint32_t> deps;  // those outside of the segment have ended
      for (const uint32_t dep : step.deps)
        if (local[dep] != UINT32_MAX) deps.push_back(local[dep]);
      local[k] = static_cast<uint32_t>(lines.size());
      const Row* row = engine_.programs[bound.shapes.program][k].row;
      lines.push_back(flow_.add_line(prefix + step.name, std::string(row->name())));
      record_step(engine_, bound, k, flow_.segment(segment), local[k], deps);
    }
    close();
    return bound.frame;
  }

 private:
  Slot slot(const Bound& bound, ValueRef ref) const { return slot_of(engine_, bound, ref); }
  Slot scratch(const Bound& bound, uint32_t step, int64_t offset) const {
    return {engine_.slots.arena, bound.arena_base + bound.scratch_offsets[step] + offset};
  }
  static const Symbol& symbol_of(const Program& program, const std::string& name) {
    return *std::find_if(program.symbols.begin(), program.symbols.end(),
                         [&](const Symbol& s) { return s.name == name; });
  }
  // A register for a symbol that the program counts, bounded by what was planned for.
  uint32_t count(const Bound& bound, const std::string& name, Flow::Action& action) {
    action.least = symbol_of(program_of(engine_, bound), name).min;
    action.most = std::min(action.most, *bound.shapes.symbols.find(name));
    return action.count = flow_.add_count(name, *bound.shapes.symbols.find(name));
  }

  void flow_step(Bound& bound, uint32_t k, const std::string& prefix) {
    const Step& step = program_of(engine_, bound).steps[k];
    Flow::Action action;
    action.most = INT64_MAX;
    action.line = flow_.add_line(prefix + step.name, std::string(to_string(step.kind)));
    flow_.note(std::string(to_string(step.kind)) + " '" + prefix + step.name + "'\n");
    switch (step.kind) {
      case StepKind::kScalar:
        action.kind = Flow::Action::Kind::kScalar;
        action.value = slot(bound, step.outputs[0]);
        action.expression = Dim::parse(step.tactic);
        for (const auto& [name, value] : bound.shapes.symbols.list())
          if (!is_counted(name)) action.expression = action.expression.substitute(name, Dim(value));
        break;
      case StepKind::kReadBack:
        action.kind = Flow::Action::Kind::kReadBack;
        action.value = slot(bound, step.inputs[0]);
        action.is_bool =
            value_binding(values_of(bound), step.inputs[0], {}, true).type.dtype == DType::kBool;
        counted_.push_back(step.tactic);
        count(bound, step.tactic, action);
        break;
      case StepKind::kLoop: loop(bound, k, prefix, action); break;
      default: branch(bound, k, prefix, action); break;
    }
    flow_.add(bound.frame, std::move(action));
  }

  bool is_counted(const std::string& name) const {
    return std::find(counted_.begin(), counted_.end(), name) != counted_.end();
  }
  Values values_of(const Bound& bound) const {
    return {program_of(engine_, bound), bindings_of(engine_, bound), engine_.section->constants};
  }

  void place(const Bound& bound, uint32_t k, const CallLayout& layout, Bound& callee) const {
    callee.arena_base = scratch(bound, k, layout.frame).offset;
    callee.parameter_slots.clear();
  }

  void branch(Bound& bound, uint32_t k, const std::string& prefix, Flow::Action& action) {
    const Step& step = program_of(engine_, bound).steps[k];
    const CallLayout layout = layout_of(step, bound.callees[k]);
    const bool chooses = step.kind == StepKind::kIf;
    action.kind = chooses ? Flow::Action::Kind::kIf : Flow::Action::Kind::kCall;
    if (chooses) action.value = slot(bound, step.inputs[0]);
    for (const std::unique_ptr<Bound>& callee : bound.callees[k]) {
      place(bound, k, layout, *callee);
      for (size_t i = chooses ? 1 : 0; i < step.inputs.size(); ++i)
        callee->parameter_slots.push_back(slot(bound, step.inputs[i]));
      for (const ValueRef& ref : step.outputs) callee->parameter_slots.push_back(slot(bound, ref));
    }
    action.frame = frame(*bound.callees[k][0], prefix + step.name + "/");
    if (chooses) {
      flow_.note("else '" + prefix + step.name + "'\n");
      action.other = frame(*bound.callees[k][1], prefix + step.name + "/");
    }
    flow_.note("end '" + prefix + step.name + "'\n");
  }

  // A segment of copies; none where there is nothing to copy.
  uint32_t copies(const std::vector<Slot>& to, const std::vector<Slot>& from,
                  const std::vector<int64_t>& bytes, uint32_t line) {
    if (to.empty()) return UINT32_MAX;
    const uint32_t segment = flow_.add_segment();
    flow_.segment(segment).begin_step(0, {});
    for (size_t c = 0; c < to.size(); ++c) flow_.segment(segment).copy(to[c], from[c], bytes[c]);
    flow_.end_segment(segment, {line});
    return segment;
  }

  void loop(Bound& bound, uint32_t k, const std::string& prefix, Flow::Action& action) {
    const Step& step = program_of(engine_, bound).steps[k];
    Bound& body = *bound.callees[k][0];
    const CallLayout layout = layout_of(step, bound.callees[k]);
    const LoopForm form = parse_loop(step.tactic);
    action.kind = Flow::Action::Kind::kLoop;
    action.trips = slot(bound, step.inputs[0]);
    action.condition = slot(bound, step.inputs[1]);
    action.iteration = scratch(bound, k, layout.iteration);
    action.value = scratch(bound, k, layout.condition);
    action.next_condition = scratch(bound, k, layout.next_condition);
    place(bound, k, layout, body);
    std::vector<Slot> first, state, next;
    std::vector<int64_t> bytes;
    for (size_t c = 0; c < form.carried; ++c) {
      first.push_back(slot(bound, step.inputs[2 + c]));
      state.push_back(slot(bound, step.outputs[c]));  // where it is between the iterations
      next.push_back(scratch(bound, k, layout.results[c]));
      bytes.push_back(body.shapes.bytes[2 + c]);
    }
    body.parameter_slots = {action.iteration, action.value};
    body.parameter_slots.insert(body.parameter_slots.end(), state.begin(), state.end());
    for (size_t i = 2 + form.carried; i < step.inputs.size(); ++i)
      body.parameter_slots.push_back(slot(bound, step.inputs[i]));
    body.parameter_slots.push_back(action.next_condition);
    for (const int64_t result : layout.results)
      body.parameter_slots.push_back(scratch(bound, k, result));
    action.segment = copies(state, first, bytes, action.line);
    action.frame = frame(body, prefix + step.name + "/");
    action.next_segment = copies(state, next, bytes, action.line);
    const Values values = values_of(bound);
    for (size_t o = form.carried; o < step.outputs.size(); ++o) {
      const Binding b = value_binding(values, step.outputs[o], {}, false);
      const int64_t room = checked_extents(b.type.shape, bound.shapes.symbols, step.name)[0];
      action.most = std::min(action.most, room);
      const int64_t one = body.shapes.bytes[body.shapes.bytes.size() - step.outputs.size() + o];
      const Slot from = scratch(bound, k, layout.results[o]);
      const uint32_t segment = engine_.device->host_accessible()
                                   ? UINT32_MAX
                                   : copies({flow_.moving()}, {from}, {one}, action.line);
      action.gathers.push_back({from, slot(bound, step.outputs[o]), one, room, segment});
    }
    if (!form.count.empty()) {
      counted_.push_back(form.count);
      count(bound, form.count, action);
    }
    flow_.note("end '" + prefix + step.name + "'\n");
  }

  const Engine::Impl& engine_;
  Flow& flow_;
  std::vector<std::string> counted_;  // symbols that steps set
};

}  // namespace

void attach_flow(const Engine::Impl& engine, const Values& values, size_t k, Bound& bound) {
  const Step& step = values.program.steps[k];
  if (bound.callees.empty()) bound.callees.resize(values.program.steps.size());
  bound.problems.emplace_back();
  bound.context_offsets.push_back(bound.context_bytes);
  bound.instances.push_back(nullptr);
  bound.scratch.push_back(0);
  if (!calls_programs(step.kind)) return;
  for (const uint32_t callee : step.programs) {
    auto inner = std::make_unique<Bound>();
    inner->is_called = true;
    inner->kind = bound.kind;
    inner->parameters = parameters_of(values, step);
    inner->shapes.program = callee;
    inner->shapes.symbols = inner_symbols(engine.section->programs[callee], bound.shapes.symbols);
    for (const Binding& b : inner->parameters) {
      inner->shapes.dims.push_back(checked_extents(b.type.shape, inner->shapes.symbols, b.name));
      inner->shapes.bytes.push_back(storage_bytes(b.format, inner->shapes.dims.back()));
    }
    inner->context_bytes = bound.context_bytes;
    attach_program(engine, *inner);
    bound.context_bytes = inner->context_bytes;
    bound.callees[k].push_back(std::move(inner));
  }
}

void plan_called_memory(const Engine::Impl& engine, Bound& bound, bool keep_taps) {
  for (size_t k = 0; k < bound.callees.size(); ++k) {
    if (bound.callees[k].empty()) continue;
    for (const std::unique_ptr<Bound>& callee : bound.callees[k])
      if (callee->keeps_taps != keep_taps) plan_bound_memory(engine, *callee, keep_taps);
    bound.scratch[k] = layout_of(program_of(engine, bound).steps[k], bound.callees[k]).bytes;
  }
}

void record_flow(const Engine::Impl& engine, Bound& bound) {
  auto flow = std::make_unique<Flow>(*engine.device, bound.kind, engine.slots.count);
  Builder(engine, *flow).frame(bound, "");
  flow->finish(bound.addresses).or_throw();
  bound.recorder = std::move(flow);
}

}  // namespace tenfold
